// Attention: for each head, P = softmax(softcap(scale q k^T) + position bias, mask), o = P v; then o_proj of
// all heads. Query head h reads key-value head floor(h n_kv_heads / n_heads). Norms on q and k stand before
// or after the rotary embedding, that on v before it is read; a gate multiplies all heads by f(gate_proj x);
// the norm in slot mid stands before o_proj. Queries, keys and values may come from latent vectors.
//
// Sources: arXiv 1706.03762 (attention), 2305.13245 (grouped heads), 2104.09864 (rotary embedding),
// 2505.06708 (gate), 2503.04598 (norm on v); of latent vectors, latent.hpp.
#pragma once

#include "plumbline/block/latent.hpp"
#include "plumbline/block/linear.hpp"
#include "plumbline/block/mask.hpp"
#include "plumbline/block/norm.hpp"
#include "plumbline/block/position.hpp"
#include "plumbline/block/scores.hpp"
#include "plumbline/block/sink.hpp"

namespace plumbline {

// What the softmax is taken over: the keys, or one of the ways in which that goes wrong.
enum class SoftmaxMode { keys, queries, unnormalised };
PLUMBLINE_NAMES(SoftmaxMode, {keys, "keys"}, {queries, "queries"}, {unnormalised, "unnormalised"})
// Which key-value head a query head reads: each serves neighbours, or they take turns.
enum class HeadSharing { repeat, tile };
PLUMBLINE_NAMES(HeadSharing, {repeat, "repeat"}, {tile, "tile"})
// What the backward pass gets wrong: softmax taken for elementwise (p dp where p (dp - sum p dp) is right),
// an operation taken for the identity, keys and values with the cotangent of one query head alone.
enum class AttentionBackward {
  right,
  softmax_elementwise,
  softcap_skipped,
  scale_skipped,
  rope_skipped,
  first_head
};
PLUMBLINE_NAMES(AttentionBackward, {right, "right"}, {softmax_elementwise, "softmax_elementwise"},
                {softcap_skipped, "softcap_skipped"}, {scale_skipped, "scale_skipped"},
                {rope_skipped, "rope_skipped"}, {first_head, "first_head"})

// Which projections of attention have a bias.
struct AttentionBias {
  bool q = true, k = true, v = true, o = true;
  bool operator==(const AttentionBias&) const = default;
};

template <>
inline constexpr auto knobs<AttentionBias> =
    std::tuple{knob("q", &AttentionBias::q), knob("k", &AttentionBias::k), knob("v", &AttentionBias::v),
               knob("o", &AttentionBias::o)};

template <>
inline constexpr WrongChoice<AttentionBias> wrong_choices<AttentionBias>[] = {
    {"bias/k-missing", "k = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.k = false; }},
    {"bias/o-missing", "W o", "", [](AttentionBias& b) { b.o = false; }},
    {"bias/q-missing", "q = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.q = false; }},
    {"bias/v-missing", "v = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.v = false; }},
};

// The attention branch as data, its norms apart.
struct AttentionSpec {
  int n_heads = 0, n_kv_heads = 0, head_dim = 0;
  std::optional<LatentSpec> latent = {};
  AttentionBias bias;
  ScaleSpec scale;
  SoftcapSpec softcap;
  MaskSpec mask;
  SinkSpec sink = {};
  std::optional<Activation> gate = {};
  SoftmaxMode softmax = SoftmaxMode::keys;
  HeadSharing head_sharing = HeadSharing::repeat;
  AttentionBackward backward = AttentionBackward::right;
  bool operator==(const AttentionSpec&) const = default;
};

// The channels of a head of values, and of all of them.
inline int value_dim(const AttentionSpec& a) {
  return a.latent ? value_dim(*a.latent, a.head_dim) : a.head_dim;
}
inline int value_width(const AttentionSpec& a) { return a.n_heads * value_dim(a); }

template <>
inline constexpr auto knobs<AttentionSpec> = std::tuple{
    knob("n_heads", &AttentionSpec::n_heads, "of queries").within(size_range).implying([](AttentionSpec& a) {
      a.n_kv_heads = a.n_heads;
    }),
    knob("n_kv_heads", &AttentionSpec::n_kv_heads, "of keys and values; divides n_heads").within(size_range),
    knob("head_dim", &AttentionSpec::head_dim, "channels of a head").within(size_range),
    knob("latent", &AttentionSpec::latent,
         "queries, keys and values come from short vectors; none has a bias")
        .where_changed()
        .implying([](AttentionSpec& a) {
          if (a.latent) a.bias.q = a.bias.k = a.bias.v = false;
        }),
    knob("bias", &AttentionSpec::bias, "which projections have one"),
    knob("scale", &AttentionSpec::scale, "what q k is multiplied by"),
    knob("", &AttentionSpec::softcap),
    knob("", &AttentionSpec::mask),
    knob("", &AttentionSpec::sink),
    knob("gate", &AttentionSpec::gate, "f: heads are multiplied by f(gate_proj x) before o_proj")
        .where_changed(),
    knob("softmax", &AttentionSpec::softmax, "what sums to 1").where_wrong(),
    knob("head_sharing", &AttentionSpec::head_sharing,
         "query head h reads key-value head h n_kv_heads / n_heads, "
         "or h mod n_kv_heads")
        .where_wrong(),
    knob("backward", &AttentionSpec::backward, "what the backward pass gets wrong").where_wrong()};

template <>
inline constexpr WrongChoice<AttentionSpec> wrong_choices<AttentionSpec>[] = {
    {"gate/missing", "heads as they are", "", [](AttentionSpec& s) { s.gate.reset(); }},
    {"gate/silu-for-sigmoid", "heads silu(gate_proj x) where heads sigmoid(gate_proj x) is right", "",
     [](AttentionSpec& s) {
       if (s.gate == Activation::sigmoid) s.gate = Activation::silu;
     }},
    {"heads/gradient-of-first", "keys and values get the gradient of their first query head alone", "",
     [](AttentionSpec& s) {
       if (s.n_kv_heads < s.n_heads) s.backward = AttentionBackward::first_head;
     }},
    {"heads/tiled", "query head h reads key-value head h mod n_kv_heads", "onnx/onnx#7274",
     [](AttentionSpec& s) {
       if (s.n_kv_heads < s.n_heads) s.head_sharing = HeadSharing::tile;
     }},
    {"scale/by-heads", "q k / sqrt(n_heads)", "tenstorrent/tt-metal#56789",
     [](AttentionSpec& s) { s.scale.rule = ScaleRule::inv_sqrt_scalar, s.scale.value = s.n_heads; }},
    {"scale/gradient-missing", "gradients of q and k lack the factor 1/sqrt(head_dim)", "",
     [](AttentionSpec& s) {
       if (s.scale.rule != ScaleRule::one) s.backward = AttentionBackward::scale_skipped;
     }},
    {"scale/missing", "q k", "mlc-ai/mlc-llm#3426",
     [](AttentionSpec& s) { s.scale.rule = ScaleRule::one, s.scale.value.reset(); }},
    {"scale/twice", "q k / head_dim", "",
     [](AttentionSpec& s) {
       s.scale.rule = ScaleRule::inv_sqrt_scalar, s.scale.value = double(s.head_dim) * s.head_dim;
     }},
    {"sink/by-row", "each query has the sink of the head that its row gives, among the rows of all heads",
     "modular/modular#6591",
     [](AttentionSpec& s) {
       if (s.sink.present && s.n_heads > 1) s.sink.fault = SinkFault::by_row;
     }},
    {"sink/of-first-head", "all heads have the first one's sink", "",
     [](AttentionSpec& s) {
       if (s.sink.present && s.n_heads > 1) s.sink.fault = SinkFault::first_head;
     }},
    {"sink/scaled", "the sink is scaled as scores are", "",
     [](AttentionSpec& s) {
       const Exact scale = score_scale(s.scale, s.head_dim);
       if (s.sink.present && scale.factor * scale.factor != scale.radicand) s.sink.fault = SinkFault::scaled;
     }},
    {"softcap/gradient-missing", "the backward pass takes the softcap for the identity", "",
     [](AttentionSpec& s) {
       if (s.softcap.cap) s.backward = AttentionBackward::softcap_skipped;
     }},
    {"softmax/gradient-elementwise", "the backward pass is p dp where p (dp - sum p dp) is right", "",
     [](AttentionSpec& s) { s.backward = AttentionBackward::softmax_elementwise; }},
    {"softmax/over-queries", "columns sum to 1", "",
     [](AttentionSpec& s) { s.softmax = SoftmaxMode::queries; }},
    {"softmax/unnormalised", "exp(scores)", "",
     [](AttentionSpec& s) { s.softmax = SoftmaxMode::unnormalised; }},
};

// Where a norm can stand: before the sublayer, on queries, keys and values, before o_proj, on the branch
// output, after the add.
struct AttentionNorms {
  NormSlot in, q, k, v, mid, out, post;
  bool operator==(const AttentionNorms&) const = default;
};

template <>
inline constexpr auto knobs<AttentionNorms> = std::tuple{
    knob("in", &AttentionNorms::in, "before attention"),
    knob("q", &AttentionNorms::q, "on queries").starting_as(NormSpec{.width = NormWidth::head_dim}),
    knob("k", &AttentionNorms::k, "on keys").starting_as(NormSpec{.width = NormWidth::head_dim}),
    knob("v", &AttentionNorms::v, "on values")
        .starting_as(NormSpec{.width = NormWidth::head_dim})
        .where_changed(),
    knob("mid", &AttentionNorms::mid, "before o_proj"),
    knob("out", &AttentionNorms::out, "on the branch output"),
    knob("post", &AttentionNorms::post, "after the add")};

namespace detail {

// Softmax over the keys that the mask lets through, or one of the ways in which that goes wrong.
template <Algebra A>
Tensor<A> probabilities(A& a, const AttentionSpec& s, int head, const ParameterView<A>& p,
                        const Tensor<A>& scores) {
  const int queries = a.rows(scores), keys = a.cols(scores);
  const Mask mask = mask_of(s.mask, queries, keys), all = Mask::everything(queries, keys);
  const auto softmax = [&](const Tensor<A>& x, Mask seen) {
    if (!s.sink.present) return a.softmax_rows(x, seen);
    seen.sink = true;
    const Tensor<A> beside = with_sink(a, s.sink, head, score_scale(s.scale, s.head_dim), p, x);
    return a.take_cols(a.softmax_rows(beside, seen), 0, keys);
  };
  if (s.softmax == SoftmaxMode::queries)
    return a.mul(a.transpose(a.softmax_rows(a.transpose(scores), Mask::everything(keys, queries))),
                 a.indicator(mask));
  if (s.softmax == SoftmaxMode::unnormalised) return a.mul(a.exp(scores), a.indicator(mask));
  if (s.softcap.after_mask) {  // masked scores become -cap where they should be -infinity
    const Tensor<A> hidden = a.scale(a.add_scalar(a.indicator(mask), {-1}), {*s.softcap.cap});
    return softmax(a.add(a.mul(scores, a.indicator(mask)), hidden), all);
  }
  switch (s.mask.mode) {
    case MaskMode::exact: break;
    case MaskMode::after_softmax: return a.mul(softmax(scores, all), a.indicator(mask));
    case MaskMode::zero_score: return softmax(a.mul(scores, a.indicator(mask)), all);
    case MaskMode::finite:
      return softmax(a.add(scores, a.scale(a.add_scalar(a.indicator(mask), {-1}), {1e4})), all);
  }
  return softmax(scores, mask);
}

// q [Tq,h], k [Tk,h], v [Tk,w] -> [Tq,w].
template <Algebra A>
Tensor<A> one_head(A& a, const AttentionSpec& s, const PositionSpec& position, int head,
                   const ParameterView<A>& p, const Tensor<A>& q, const Tensor<A>& k, const Tensor<A>& v) {
  const int first = first_position(s.mask, a.rows(q), a.rows(k));
  const auto bias =
      position_bias(a, position, head, s.n_heads, p, a.rows(q), a.rows(k), first, !is_causal(s.mask));
  const Tensor<A> queries = a.store(q, p.place(Site::queries)), keys = a.store(k, p.place(Site::keys));
  const Tensor<A> products = a.store(a.matmul(queries, a.transpose(keys)), p.place(Site::products));
  Tensor<A> scores = a.store(a.scale(products, score_scale(s.scale, s.head_dim)), p.place(Site::scores));
  if (s.backward == AttentionBackward::scale_skipped) scores = with_derivative_of(a, scores, products);
  Tensor<A> capped = plumbline::softcap(a, s.softcap, p, scores);
  if (s.backward == AttentionBackward::softcap_skipped) capped = with_derivative_of(a, capped, scores);
  if (bias) capped = a.store(a.add(capped, *bias), p.place(Site::biased_scores));
  Tensor<A> weights = a.store(probabilities(a, s, head, p, capped), p.place(Site::probabilities));
  if (s.backward == AttentionBackward::softmax_elementwise)
    weights = with_derivative_of(a, weights, a.mul(a.detach(weights), capped));
  return a.store(a.matmul(weights, a.store(v, p.place(Site::values))), p.place(Site::heads));
}

// What the heads are made of, as a spec has it.
struct AttentionParts {
  const AttentionSpec& attention;
  const AttentionNorms& norms;
  const PositionSpec& position;
};

// What the rotary embedding makes of queries or keys [T,n], where there is one.
template <Algebra A>
Tensor<A> turned(A& a, const AttentionParts& spec, const ParameterView<A>& attn, const Tensor<A>& x,
                 bool of_keys) {
  if (!spec.position.rope) return x;
  const Place place = attn.place(of_keys ? Site::rotated_keys : Site::rotated_queries);
  const Rotation r = rotation(*spec.position.rope, spec.attention.head_dim, of_keys);
  const Tensor<A> y = a.store(a.rotate(x, r), place);
  return spec.attention.backward == AttentionBackward::rope_skipped ? with_derivative_of(a, y, x) : y;
}

// All heads of q or k, each [T,h]: norm and rotary embedding in the order that the norm asks for.
template <Algebra A>
std::vector<Tensor<A>> positioned_heads(A& a, const AttentionParts& spec, const NormSlot& slot,
                                        const ParameterView<A>& attn, Tensor<A> x, int heads, bool of_keys) {
  const int h = spec.attention.head_dim;
  const ParameterView<A> p = attn.under(of_keys ? "norm_k" : "norm_q");
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::before_rope)
    x = norm(a, slot, p, x);
  std::vector<Tensor<A>> out;
  for (int i = 0; i < heads; ++i) {
    Tensor<A> y = a.take_cols(x, i * h, h);
    const bool per_head = slot && slot->width == NormWidth::head_dim;
    if (per_head && slot->position == QkPosition::before_rope) y = norm(a, slot, p, y);
    y = turned(a, spec, attn, y, of_keys);
    if (per_head && slot->position == QkPosition::after_rope) y = norm(a, slot, p, y);
    out.push_back(y);
  }
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::after_rope) {
    const Tensor<A> y = norm(a, slot, p, a.concat_cols(out));
    for (int i = 0; i < heads; ++i) out[i] = a.take_cols(y, i * h, h);
  }
  return out;
}

// All heads of v, normed.
template <Algebra A>
Tensor<A> normed_values(A& a, const AttentionParts& spec, const ParameterView<A>& p, const Tensor<A>& v) {
  const NormSlot& slot = spec.norms.v;
  if (!slot || slot->width == NormWidth::full_heads) return norm(a, slot, p.under("norm_v"), v);
  const int h = spec.attention.head_dim;
  std::vector<Tensor<A>> heads;
  for (int i = 0; i < spec.attention.n_kv_heads; ++i)
    heads.push_back(norm(a, slot, p.under("norm_v"), a.take_cols(v, i * h, h)));
  return a.concat_cols(heads);
}

// All heads of q or k, each [T,h], as scores read them.
template <Algebra A>
std::vector<Tensor<A>> heads_of(A& a, const AttentionParts& spec, const ParameterView<A>& p,
                                const Tensor<A>& x, bool of_keys) {
  const AttentionSpec& s = spec.attention;
  if (!s.latent)
    return positioned_heads(a, spec, of_keys ? spec.norms.k : spec.norms.q, p, x,
                            of_keys ? s.n_kv_heads : s.n_heads, of_keys);
  return latent_heads(a, *s.latent, s.n_heads, s.head_dim, x, of_keys,
                      [&](const Tensor<A>& y) { return turned(a, spec, p, y, of_keys); });
}

// All heads of one sequence, before o_proj.
//   shapes: q [T, n_heads h], k [T, n_kv_heads h], v [T, n_kv_heads w], all projected -> [T, n_heads w]; of
//     latent vectors, k as latent.hpp has it
template <Algebra A>
Tensor<A> heads_of_sequence(A& a, const AttentionParts& spec, const ParameterView<A>& p,
                            const Tensor<A>& projected_q, const Tensor<A>& projected_k,
                            const Tensor<A>& projected_v) {
  const AttentionSpec& s = spec.attention;
  const auto q = heads_of(a, spec, p, projected_q, false), k = heads_of(a, spec, p, projected_k, true);
  const Tensor<A> v = normed_values(a, spec, p, projected_v);
  const int width = value_dim(s);
  std::vector<Tensor<A>> out;
  for (int h = 0; h < s.n_heads; ++h) {
    const int g = s.head_sharing == HeadSharing::repeat ? h * s.n_kv_heads / s.n_heads : h % s.n_kv_heads;
    Tensor<A> value = a.take_cols(v, g * width, width);
    if (spec.position.rope && spec.position.rope->rotates_values && spec.position.rope->rotary_dim <= width)
      value = a.rotate(value, rotation(*spec.position.rope, s.head_dim, true));
    const bool first = s.backward != AttentionBackward::first_head || h * s.n_kv_heads % s.n_heads == 0;
    out.push_back(one_head(a, s, spec.position, h, p, q[h], first ? k[g] : a.detach(k[g]),
                           first ? value : a.detach(value)));
  }
  return a.concat_cols(out);
}

// The same for each of the sequences that are folded into the rows; there may be more keys than queries.
template <Algebra A>
Tensor<A> heads_of_batch(A& a, const AttentionParts& spec, const ParameterView<A>& p, const Tensor<A>& q,
                         const Tensor<A>& k, const Tensor<A>& v, int batch) {
  const auto of_sequence = [&](const Tensor<A>& u, int b) {
    const int tokens = a.rows(u) / batch;
    return a.take_rows(u, b * tokens, tokens);
  };
  std::vector<Tensor<A>> sequences;
  for (int b = 0; b < batch; ++b) {
    const Tensor<A> queries = of_sequence(q, b), keys = of_sequence(k, b), values = of_sequence(v, b);
    sequences.push_back(heads_of_sequence(a, spec, p, queries, keys, values));
  }
  return batch == 1 ? sequences.front() : a.concat_rows(sequences);
}

// heads * f(gate_proj x), where there is a gate.
template <Algebra A>
Tensor<A> gated_heads(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
                      const Tensor<A>& heads) {
  if (!s.gate) return heads;
  const Tensor<A> gate = linear(a, p.under("gate_proj"), false, x);
  const Tensor<A> open = a.store(a.activation(*s.gate, 0, gate), p.place(Site::activation));
  return a.store(a.mul(open, heads), p.place(Site::gated));
}

}  // namespace detail

// What fused kernels compute: all heads of q, k and v that are projected already.
//   formula: o = softmax(softcap(scale q k^T) + position bias, mask) v for each head; its sink, where it has
//     one, stands beside its scores
//   shapes: q [B Tq, n_heads h], k, v [B Tk, n_kv_heads h] -> [B Tq, n_heads h]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where p lacks "k", "v" or a sink, or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2205.14135
template <Algebra A>
Tensor<A> sdpa(A& a, const AttentionSpec& spec, const PositionSpec& position, const ParameterView<A>& p,
               const Tensor<A>& q, int batch) {
  const AttentionNorms norms;
  return a.component(Component::attention, "Attn", q, [&] {
    return detail::heads_of_batch(a, {spec, norms, position}, p, q, p.at("k"), p.at("v"), batch);
  });
}

// The attention branch, with its projections.
//   formula: o_proj(N_mid(f(gate_proj x) sdpa(q_proj x, k_proj x, N_v(v_proj x)))); without a gate f is 1;
//     what latent vectors make of x stands in latent.hpp
//   shapes: x [B T, d] -> [B T, d]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2305.13245, 2505.06708
template <Algebra A>
Tensor<A> attention(A& a, const AttentionSpec& spec, const AttentionNorms& norms,
                    const PositionSpec& position, const ParameterView<A>& p, const Tensor<A>& x, int batch) {
  return a.component(Component::attention, "Attn", x, [&] {
    const detail::AttentionParts parts{spec, norms, position};
    const auto heads_from = [&] {
      if (!spec.latent) {
        const Tensor<A> q = linear(a, p.under("q_proj"), spec.bias.q, x);
        const Tensor<A> k = linear(a, p.under("k_proj"), spec.bias.k, x);
        const Tensor<A> v = linear(a, p.under("v_proj"), spec.bias.v, x);
        return detail::heads_of_batch(a, parts, p, q, k, v, batch);
      }
      const Tensor<A> q = latent_queries(a, *spec.latent, p, x);
      const auto [k, v] = latent_keys_and_values(a, *spec.latent, spec.n_heads, spec.head_dim, p, x);
      return detail::heads_of_batch(a, parts, p, q, k, v, batch);
    };
    const Tensor<A> heads = heads_from();
    const Tensor<A> gated = detail::gated_heads(a, spec, p, x, heads);
    return linear(a, p.under("o_proj"), spec.bias.o, norm(a, norms.mid, p.under("norm_mid"), gated));
  });
}

// Its parameters.
inline void add_attention_shapes(ParameterShapes& out, const std::string& prefix, const AttentionSpec& a,
                                 const AttentionNorms& norms, const PositionSpec& position, int d) {
  const int q_width = a.n_heads * a.head_dim, kv_width = a.n_kv_heads * a.head_dim, width = value_width(a);
  const auto norm = [&](const char* name, const NormSlot& slot, int heads, Module module) {
    if (slot) add_norm_shapes(out, prefix + name, slot, norm_width(*slot, d, heads, a.head_dim), module);
  };
  if (a.latent) {
    add_latent_shapes(out, prefix, *a.latent, a.n_heads, a.head_dim, d);
  } else {
    add_linear_shapes(out, prefix + "q_proj", Module::q_proj, q_width, d, a.bias.q);
    add_linear_shapes(out, prefix + "k_proj", Module::k_proj, kv_width, d, a.bias.k);
    add_linear_shapes(out, prefix + "v_proj", Module::v_proj, kv_width, d, a.bias.v);
  }
  norm("norm_q", norms.q, a.n_heads, Module::norm_q);
  norm("norm_k", norms.k, a.n_kv_heads, Module::norm_k);
  norm("norm_v", norms.v, a.n_kv_heads, Module::norm_v);
  if (position.buckets) add_bucket_shapes(out, prefix, *position.buckets, a.n_heads);
  add_sink_shapes(out, prefix, a.sink, a.n_heads);
  if (a.gate) add_linear_shapes(out, prefix + "gate_proj", Module::attention_gate, width, d, false);
  add_norm_shapes(out, prefix + "norm_mid", norms.mid, width, Module::norm_mid);
  add_linear_shapes(out, prefix + "o_proj", Module::o_proj, d, width, a.bias.o);
}

template <>
struct PartOf<Part::attention> {
  static constexpr PartRecord record{.attends = true, .projects = true, .prefix = "layers.0.attn."};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    add_attention_shapes(out, std::string(record.prefix), spec.attention, spec.norm_slots.attn, spec.position,
                         spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>*) {
    return attention(a, spec.attention, spec.norm_slots.attn, spec.position,
                     ParameterView<A>{p.all, std::string(record.prefix)}, x, batch);
  }
};

template <>
struct PartOf<Part::sdpa> {
  static constexpr TokenTensor keys_and_values[] = {{"k", Width::key_heads, Rows::keys},
                                                    {"v", Width::key_heads, Rows::keys}};
  static constexpr PartRecord record{.attends = true,
                                     .x = {"q", Width::query_heads},
                                     .y = {"y", Width::query_heads},
                                     .beside_x = keys_and_values};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    if (spec.position.buckets) add_bucket_shapes(out, "", *spec.position.buckets, spec.attention.n_heads);
    add_sink_shapes(out, "", spec.attention.sink, spec.attention.n_heads);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& q, int batch,
                       Stream<A>*) {
    return sdpa(a, spec.attention, spec.position, p, q, batch);
  }
};

}  // namespace plumbline
