#include "golden/generate/case_list.hpp"

#include <algorithm>

#include "golden/generate/pairs.hpp"
#include "golden/generate/residual_cases.hpp"
#include "plumbline/base/names.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

constexpr Regime regimes[] = {Regime::plain, Regime::offset, Regime::tiny,
                              Regime::large, Regime::spike,  Regime::constant};

NormSpec rms_norm(int gain_offset) {
  return {.kind = NormKind::rms_norm, .eps = 1e-6, .gain_offset = gain_offset, .bias = false};
}
NormSpec layer_norm(double eps) { return {.eps = eps}; }

NormSpec norm_kind(int i) {
  const NormSpec kinds[] = {layer_norm(1e-5), rms_norm(0), layer_norm(1e-12), rms_norm(1)};
  return kinds[i % 4];
}

// Kinds of attention, each with a name. d = 12 or more; heads of 4.
struct AttentionKind {
  const char* name;
  void (*apply)(BlockSpec& spec);
};

void heads(BlockSpec& s, int n_heads, int n_kv_heads) {
  s.attention.n_heads = n_heads;
  s.attention.n_kv_heads = n_kv_heads;
  s.attention.head_dim = 4;
}

RopeSpec rope(RopeStyle style, int rotary_dim) { return {.style = style, .rotary_dim = rotary_dim}; }

void qk_norm(BlockSpec& s, NormWidth width, QkPosition position) {
  NormSpec norm = rms_norm(0);
  norm.width = width;
  norm.position = position;
  s.norm_slots.attn.q = s.norm_slots.attn.k = norm;
}

constexpr AttentionKind attention_kinds[] = {
    {"causal", [](BlockSpec& s) { heads(s, 3, 3); }},
    {"bidirectional", [](BlockSpec& s) { heads(s, 3, 3), s.attention.mask.kind = MaskKind::bidirectional; }},
    {"gqa", [](BlockSpec& s) { heads(s, 4, 2); }},
    {"mqa-without-biases",
     [](BlockSpec& s) {
       heads(s, 3, 1), s.attention.bias = {false, false, false, false};
     }},
    {"window",
     [](BlockSpec& s) {
       heads(s, 2, 2), s.attention.mask.kind = MaskKind::causal_sliding, s.attention.mask.window = 3;
     }},
    {"rope-half", [](BlockSpec& s) { heads(s, 4, 2), s.position.rope = rope(RopeStyle::half, 4); }},
    {"rope-interleaved",
     [](BlockSpec& s) { heads(s, 2, 2), s.position.rope = rope(RopeStyle::interleaved, 4); }},
    {"rope-partial", [](BlockSpec& s) { heads(s, 3, 3), s.position.rope = rope(RopeStyle::half, 2); }},
    {"softcap", [](BlockSpec& s) { heads(s, 2, 2), s.attention.softcap.cap = 2; }},
    {"qk-norm",
     [](BlockSpec& s) {
       heads(s, 4, 2), qk_norm(s, NormWidth::head_dim, QkPosition::before_rope),
           s.position.rope = rope(RopeStyle::half, 4);
     }},
    {"qk-norm-full",
     [](BlockSpec& s) { heads(s, 3, 3), qk_norm(s, NormWidth::full_heads, QkPosition::before_rope); }},
};

// Queries and keys that read a large stream as it is saturate the softmax until no precision decides its
// gradients; norms on them keep the scores in bounds.
const AttentionKind& attention_kind(int i, const BlockSpec& s, Regime regime) {
  constexpr std::size_t kinds = std::size(attention_kinds);
  const bool saturates = !s.norm_slots.attn.in && (regime == Regime::large || regime == Regime::spike);
  return attention_kinds[saturates ? kinds - 1 - static_cast<std::size_t>(i) % 2
                                   : static_cast<std::size_t>(i) % kinds];
}

std::string ffn_name(const FeedForwardSpec& f) {
  std::string name = std::string(name_of(f.kind)) + "-" + std::string(name_of(f.activation));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

void feed_forward_kind(BlockSpec& s, int i) {
  s.ffn.kind = i % 2 ? FeedForwardKind::glu : FeedForwardKind::mlp;
  s.ffn.activation = names<Activation>()[static_cast<std::size_t>(i / 2 % 5)].first;
  s.ffn.bias.in = i % 3 != 1;
  s.ffn.bias.out = i % 3 != 2;
  s.ffn.d_ff = 10 + i % 3;
}

BlockSpec layout(const char* name, int d, int n_layers = 1) {
  return find_preset(name).make({.d = d, .n_layers = n_layers, .n_heads = 1, .head_dim = 4, .d_ff = 10});
}

class List {
 public:
  void add(std::string id, BlockSpec spec, Regime regime, int tokens = 5, int batch = 1,
           std::optional<int> key_tokens = {}) {
    cases_.push_back(
        {std::move(id), {std::move(spec), tokens, batch, 1000 + cases_.size(), regime, key_tokens}});
  }
  std::vector<GoldenCase> sorted() {
    std::sort(cases_.begin(), cases_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return cases_;
  }

 private:
  std::vector<GoldenCase> cases_;
};

// Every layout in every regime; norms, attention and feed-forward kinds run through beside.
void add_layouts(List& list) {
  int i = 0;
  for (const char* name : {"pre_norm", "post_norm", "sandwich", "output_norm", "deep_norm", "parallel"})
    for (Regime regime : regimes) {
      BlockSpec s = layout(name, 11 + i % 3);
      s = with_layout(s, name, norm_kind(i + i / 6));
      const AttentionKind& attention = attention_kind(i, s, regime);
      attention.apply(s);
      feed_forward_kind(s, i + i / 10);
      list.add(std::string(name) + "/" + std::string(name_of(regime)) + "-" + attention.name, s, regime,
               4 + i % 3, 1 + i % 2);
      ++i;
    }
}

void add_models(List& list) {
  for (const char* name : {"transformer", "bert", "gpt2", "llama", "gemma2", "olmo2"})
    for (Regime regime : {Regime::plain, Regime::offset, Regime::tiny})
      list.add(std::string(name) + "/" + std::string(name_of(regime)),
               find_preset(name).make({.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 14}),
               regime);
}

void add_parts(List& list) {
  for (int kind = 0; kind < 4; ++kind)
    for (Regime regime : regimes) {
      BlockSpec s;
      s.part = Part::norm;
      s.d = 13;
      s.norm_slots.attn.in = norm_kind(kind);
      const char* names[] = {"layer_norm", "rms_norm", "layer_norm_small_eps", "rms_norm_offset_gain"};
      list.add(std::string(names[kind]) + "/" + std::string(name_of(regime)), s, regime, 4);
    }
  for (const AttentionKind& kind : attention_kinds) {
    BlockSpec s = layout("pre_norm", 12);
    kind.apply(s);
    s.part = Part::attention;
    list.add(std::string("attention/") + kind.name, s, Regime::plain, 6, 2);
  }
  for (int i = 0; i < 10; ++i) {
    BlockSpec s = layout("pre_norm", 11);
    feed_forward_kind(s, i);
    s.part = Part::ffn;
    list.add("ffn/" + ffn_name(s.ffn), s, Regime::plain, 6);
  }
}

void add_large(List& list) {
  for (const char* name : {"pre_norm", "post_norm", "deep_norm"}) {
    BlockSpec s = layout(name, 10, 3);
    heads(s, 2, 2);
    list.add(std::string(name) + "/three-layers", s, Regime::plain, 4);
    list.add(std::string(name) + "/long", find_preset(name).make({.d = 8, .n_heads = 2, .d_ff = 9}),
             Regime::plain, 40);
  }
  list.add("gpt2/wide", find_preset("gpt2").make({.d = 64, .n_heads = 4, .d_ff = 72}), Regime::plain, 3);
  list.add("llama/wide", find_preset("llama").make({.d = 64, .n_heads = 4, .n_kv_heads = 2, .d_ff = 56}),
           Regime::plain, 3);
  list.add("llama/long", find_preset("llama").make({.d = 8, .n_heads = 2, .n_kv_heads = 1, .d_ff = 9}),
           Regime::plain, 40);
}

// Of as many heads as make a power of two, and of others.
void add_alibi(List& list) {
  for (int n_heads : {4, 6}) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, n_heads, n_heads / 2);
    s.position.bias = AlibiSpec{};
    s.part = Part::attention;
    list.add("attention/alibi-" + std::to_string(n_heads), s, Regime::plain, 6, 2);
  }
}

void add_dyt(List& list) {
  const NormSpec dyt{.kind = NormKind::dyt};
  for (Regime regime : {Regime::plain, Regime::offset, Regime::tiny}) {
    BlockSpec s;
    s.part = Part::norm;
    s.d = 13;
    s.norm_slots.attn.in = dyt;
    list.add("dyt/" + std::string(name_of(regime)), s, regime, 4);
  }
  BlockSpec s = layout("pre_norm", 12);
  heads(s, 3, 3);
  list.add("pre_norm/dyt", with_layout(s, "pre_norm", dyt), Regime::plain, 5, 2);
}

// What a few published architectures have beside these.
void add_features(List& list) {
  const auto attention = [&](const char* name, void (*change)(BlockSpec&), int tokens = 5) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, 4, 2);
    s.part = Part::attention;
    change(s);
    list.add(std::string("attention/") + name, s, Regime::plain, tokens, 2);
  };
  attention("sink", [](BlockSpec& s) { s.attention.sink.present = true; });
  attention("gate", [](BlockSpec& s) { s.attention.gate = Activation::sigmoid; });
  attention("gate-silu", [](BlockSpec& s) { s.attention.gate = Activation::silu; });
  attention("norm-on-values", [](BlockSpec& s) {
    s.norm_slots.attn.v = rms_norm(0);
    s.norm_slots.attn.v->width = NormWidth::head_dim;
    s.norm_slots.attn.v->gain = false;
  });
  attention("norm-on-all-values", [](BlockSpec& s) {
    s.norm_slots.attn.v = layer_norm(1e-5);
    s.norm_slots.attn.v->width = NormWidth::full_heads;
  });
  attention("rope-other-sign", [](BlockSpec& s) {
    s.position.rope = rope(RopeStyle::half, 4);
    s.position.rope->sign = -1;
  });
  attention("rope-linear", [](BlockSpec& s) {
    s.position.rope = rope(RopeStyle::half, 4);
    s.position.rope->scaling = RopeScaling{};
  });
  attention("rope-llama3", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::half, 8);  // wavelengths of 6, 63, 628 and 6283: each kind of pair
    s.position.rope->scaling = RopeScaling{.kind = RopeScalingKind::llama3,
                                           .factor = 32,
                                           .original_max_position = 1024,
                                           .low_freq_factor = 1.5,
                                           .high_freq_factor = 5};
  });
  attention("rope-yarn", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::interleaved, 8);
    s.position.rope->scaling =
        RopeScaling{.kind = RopeScalingKind::yarn, .factor = 4, .original_max_position = 512};
  });
  attention("rope-yarn-between-pairs", [](BlockSpec& s) {
    heads(s, 2, 1), s.attention.head_dim = 8;
    s.position.rope = rope(RopeStyle::half, 8);
    s.position.rope->scaling = RopeScaling{.kind = RopeScalingKind::yarn,
                                           .factor = 32,
                                           .original_max_position = 4096,
                                           .beta_fast = 16,
                                           .beta_slow = 2,
                                           .truncate = false,
                                           .attention_factor = 1.25};
  });

  const auto ffn = [&](const char* name, FeedForwardKind kind, Activation activation,
                       void (*change)(FeedForwardSpec&)) {
    BlockSpec s = layout("pre_norm", 11);
    s.part = Part::ffn;
    s.ffn.kind = kind, s.ffn.activation = activation;
    change(s.ffn);
    list.add(std::string("ffn/") + name, s, Regime::plain, 6);
  };
  ffn("relu-squared", FeedForwardKind::mlp, Activation::relu, [](FeedForwardSpec& f) { f.squared = true; });
  ffn("glu-sigmoid", FeedForwardKind::glu, Activation::sigmoid, [](FeedForwardSpec&) {});
  ffn("glu-limited", FeedForwardKind::glu, Activation::quick_gelu,
      [](FeedForwardSpec& f) { f.limit = 0.5, f.up_offset = 1; });

  BlockSpec s = layout("sandwich", 12);
  heads(s, 2, 2);
  s = with_layout(s, "sandwich", rms_norm(1));
  s.attention.sink.present = true, s.attention.gate = Activation::sigmoid;
  s.attention.mask.kind = MaskKind::causal_sliding, s.attention.mask.window = 3;
  s.ffn.kind = FeedForwardKind::glu, s.ffn.activation = Activation::silu, s.ffn.limit = 0.75;
  list.add("sandwich/sink-and-gate", s, Regime::plain, 5, 2);
}

// Choices that the cases above do not make.
void add_choices(List& list) {
  const auto attention = [&](const char* name, void (*change)(BlockSpec&)) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, 4, 2);
    s.part = Part::attention;
    change(s);
    list.add(std::string("attention/") + name, s, Regime::plain, 5, 2);
  };
  attention("scale-one",
            [](BlockSpec& s) { s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = 0.25}; });
  attention("scale-by-number", [](BlockSpec& s) {
    s.attention.scale = {.rule = ScaleRule::inv_sqrt_scalar, .value = 7};
    s.attention.mask.kind = MaskKind::bidirectional;
  });
  attention("qk-norm-after-rope", [](BlockSpec& s) {
    qk_norm(s, NormWidth::head_dim, QkPosition::after_rope);
    s.position.rope = rope(RopeStyle::half, 4);
  });
  attention("norm-before-o-proj", [](BlockSpec& s) { s.norm_slots.attn.mid = layer_norm(1e-5); });
  attention("alibi-of-4-bits", [](BlockSpec& s) { s.position.bias = AlibiSpec{.max_bias = 4}; });

  const auto sdpa = [&](const char* name, MaskKind mask, int key_tokens,
                        CausalAlignment alignment = CausalAlignment::bottom_right) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, 4, 2);
    s.d = 16;
    s.part = Part::sdpa;
    s.attention.mask.kind = mask, s.attention.mask.alignment = alignment;
    list.add(std::string("sdpa/") + name, s, Regime::plain, 4, 2, key_tokens);
  };
  sdpa("causal", MaskKind::causal, 7);
  sdpa("causal-from-the-first-key", MaskKind::causal, 7, CausalAlignment::top_left);
  sdpa("bidirectional", MaskKind::bidirectional, 4);

  BlockSpec s = layout("pre_norm", 12);
  s.norm_slots.ffn.mid = layer_norm(1e-5);
  s.part = Part::ffn;
  list.add("ffn/norm-before-down-proj", s, Regime::plain);

  s = BlockSpec{};
  s.part = Part::add_norm;
  s.d = 13;
  s.norm_slots.attn.in = rms_norm(0);
  s.residual_scale = 1.5;
  s.branch_scale = 0.5;
  list.add("add_norm/scaled", s, Regime::plain);
  s.part = Part::norm;
  s.residual_scale = s.branch_scale = 1;
  s.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  list.add("layer_norm/without-gain", s, Regime::plain);

  s = layout("pre_norm", 12);
  heads(s, 3, 3);
  s.part = Part::block;
  s.final_norm.reset();
  list.add("pre_norm/block", s, Regime::plain);
  s.branch_scale = 0.25;
  list.add("pre_norm/branch-scaled", s, Regime::plain);
  s.residual_source = ResidualSource::normed;
  list.add("pre_norm/normed-residual", s, Regime::plain);
  attention("rope-of-4-channels-of-6", [](BlockSpec& s) {
    s.attention.head_dim = 6;
    s.position.rope = rope(RopeStyle::half, 4);
  });
}

// Experts of every kind of score, chosen from all and from groups.
void add_moe(List& list) {
  const auto add = [&](const char* name, const MoeSpec& m, FeedForwardKind kind) {
    BlockSpec s = layout("pre_norm", 6);
    s.part = Part::ffn;
    s.ffn.kind = kind;
    s.ffn.activation = Activation::silu;
    s.ffn.d_ff = 5;
    s.ffn.moe = m;
    list.add(std::string("moe/") + name, s, Regime::plain, 4);
  };
  add("two-of-eight", {}, FeedForwardKind::glu);
  add("one-of-three-not-renormalised", {.experts = 3, .top_k = 1, .router_bias = true, .renormalise = false},
      FeedForwardKind::mlp);
  add("groups",
      {.experts = 6,
       .top_k = 3,
       .score = RouterScore::sigmoid,
       .correction_bias = true,
       .scaling = 2.5,
       .groups = 3,
       .chosen_groups = 2,
       .shared_d_ff = 4},
      FeedForwardKind::glu);
  add("largest-of-groups",
      {.experts = 4, .groups = 2, .group_score = GroupScore::largest, .shared_d_ff = 3, .shared_gate = true},
      FeedForwardKind::glu);
}

BlockSpec of_streams(StreamRule rule, int n_layers) {
  BlockSpec s = layout("pre_norm", 6, n_layers);
  heads(s, 2, 1);
  s.ffn.d_ff = 7;
  s.streams = StreamsSpec{.rule = rule};
  if (rule == StreamRule::mhc_lite) s.streams->head = StreamHead::sum;
  if (mixes(*s.streams)) return s;
  s.streams->count = 2;
  if (norms_streams(*s.streams)) s.streams->norm = layer_norm(1e-5);
  if (rule != StreamRule::resi_dual) return s;
  std::swap(s.norm_slots.attn.in, s.norm_slots.attn.post);
  std::swap(s.norm_slots.ffn.in, s.norm_slots.ffn.post);
  return s;
}

void add_streams(List& list) {
  const auto add = [&](const char* name, StreamRule rule, int n_layers, void (*change)(BlockSpec&)) {
    BlockSpec s = of_streams(rule, n_layers);
    change(s);
    list.add(std::string("streams/") + name, s, Regime::plain, 3);
  };
  add("mhc", StreamRule::mhc, 2, [](BlockSpec& s) { s.streams->count = 3; });
  add("mhc-block", StreamRule::mhc, 1, [](BlockSpec& s) {
    s.part = Part::block;
    s.final_norm.reset();
    s.streams->sinkhorn_steps = 3, s.streams->eps = 1e-3, s.streams->norm_eps = 1e-5;
  });
  add("mhc-mean", StreamRule::mhc, 1, [](BlockSpec& s) { s.streams->head = StreamHead::mean; });
  add("mhc-collapse", StreamRule::mhc, 1, [](BlockSpec& s) { s.part = Part::collapse; });
  // streams that begin alike give its logits no gradient
  add("mhc-lite", StreamRule::mhc_lite, 1, [](BlockSpec& s) {
    s.part = Part::block;
    s.final_norm.reset();
    s.streams->count = 3;
  });
  add("mhc-lite-sum", StreamRule::mhc_lite, 1, [](BlockSpec& s) { s.part = Part::collapse; });
  add("resi-dual", StreamRule::resi_dual, 2, [](BlockSpec&) {});
  add("siamese", StreamRule::siamese, 2, [](BlockSpec& s) { s.branch_scale = 0.5; });
}

void latent(BlockSpec& s, const LatentSpec& l) {
  heads(s, 2, 2);
  s.attention.head_dim = 6;
  s.attention.latent = l;
  s.attention.bias = {.q = false, .k = false, .v = false, .o = false};
  s.position.rope = rope(RopeStyle::interleaved, l.rope_dim);
}

// Windows on both sides, T5's tables, and latent attention.
void add_windows_tables_and_latents(List& list) {
  const auto attention = [&](const char* name, void (*change)(BlockSpec&)) {
    BlockSpec s = layout("pre_norm", 12);
    heads(s, 2, 2);
    s.part = Part::attention;
    change(s);
    list.add(std::string("attention/") + name, s, Regime::plain, 6, 2);
  };
  attention("sliding",
            [](BlockSpec& s) { s.attention.mask.kind = MaskKind::sliding, s.attention.mask.window = 3; });
  attention("buckets-causal", [](BlockSpec& s) {
    s.position.buckets = BucketsSpec{.count = 4, .max_distance = 8};  // a distance of 4 is a whole power
  });
  attention("buckets-of-both-sides", [](BlockSpec& s) {
    s.position.buckets = BucketsSpec{.count = 8, .max_distance = 8};
    s.attention.mask.kind = MaskKind::bidirectional;
    s.attention.scale.rule = ScaleRule::one;
  });
  attention("latent",
            [](BlockSpec& s) { latent(s, {.q_rank = 5, .kv_rank = 4, .rope_dim = 2, .v_head_dim = 3}); });
  attention("latent-keys-and-values",
            [](BlockSpec& s) { latent(s, {.kv_rank = 3, .rope_dim = 4, .eps = 1e-2}); });

  BlockSpec sdpa = layout("pre_norm", 8);
  heads(sdpa, 2, 2), sdpa.part = Part::sdpa;
  sdpa.attention.mask.kind = MaskKind::sliding, sdpa.attention.mask.window = 2;
  sdpa.position.buckets = BucketsSpec{.count = 6, .max_distance = 4};
  list.add("sdpa/sliding-with-buckets", sdpa, Regime::plain, 4, 2, 6);
  attention("buckets-of-t5", [](BlockSpec& s) { s.position.buckets = BucketsSpec{}; });
}

}  // namespace

const std::vector<GoldenCase>& cases() {
  static const std::vector<GoldenCase> all = [] {
    List list;
    add_layouts(list);
    add_models(list);
    add_parts(list);
    add_large(list);
    for (const PairCase& c : pair_cases()) list.add(c.id, c.spec, c.regime, 4);
    add_alibi(list);
    add_dyt(list);
    add_choices(list);
    add_features(list);
    add_streams(list);
    add_moe(list);
    add_windows_tables_and_latents(list);
    add_norms_and_residuals([&](std::string id, BlockSpec spec, int tokens) {
      list.add(std::move(id), std::move(spec), Regime::plain, tokens);
    });
    return list.sorted();
  }();
  return all;
}

const GoldenCase& find_case(const std::string& id) {
  for (const GoldenCase& c : cases())
    if (c.id == id) return c;
  throw Error("golden: unknown case \"" + id + "\"");
}

}  // namespace plumbline::golden
