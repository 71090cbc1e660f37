// Llama and those that grew out of it: a gated feed-forward, rotary embeddings, grouped heads, norms before
// the sublayers.
#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {
namespace {

BlockSpec llama(Config& c, int) { return llama_with(c, {}); }

BlockSpec mistral(Config& c, int) {
  BlockSpec s = gated(c, 8);
  read_silu(c, s);
  read_rope(c, s);
  set_window(s, c.whole_or_none("sliding_window", 4096));
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec ministral(Config& c, int l) {
  BlockSpec s = mistral(c, l);
  if (!slides(c, l, s.attention.mask.window.has_value())) set_window(s, std::nullopt);
  return s;
}

BlockSpec seed_oss(Config& c, int) {
  BlockSpec s = gated(c, 8, 128);
  read_silu(c, s);
  read_rope(c, s);
  set_qkv_bias(s, c.flag("attention_bias", true));
  s.attention.bias.o = c.flag("attention_out_bias", false);
  set_ffn_bias(s, c.flag("mlp_bias", false));
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec ernie4_5(Config& c, int) {
  BlockSpec s = gated(c, 2, 128);
  read_silu(c, s);
  read_rope(c, s, {.theta = 500000, .style = RopeStyle::interleaved});
  set_attention_bias(s, c.flag("use_bias", false));
  set_ffn_bias(s, s.attention.bias.q);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec helium(Config& c, int) {
  BlockSpec s = gated(c, 20, 128);
  read_silu(c, s);
  read_rope(c, s, {.theta = 100000, .style = RopeStyle::interleaved});
  set_qkv_bias(s, c.flag("attention_bias", false));
  set_ffn_bias(s, c.flag("mlp_bias", false));
  pre_norm(s, rms_said(c, 1e-8));
  return s;
}

BlockSpec hunyuan_v1_dense(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  const NormSpec norm = rms_said(c, 1e-5);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim, QkPosition::after_rope);
  return s;
}

BlockSpec olmo(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  read_attention_bias(c, s);
  if (const Config::Json* clip = c.find({"clip_qkv"})) c.refuse("clip_qkv", "null", *clip);
  NormSpec norm = layer_norm(1e-5);  // no key says it
  norm.gain = norm.bias = false;
  pre_norm(s, norm);
  return s;
}

BlockSpec cwm(Config& c, int l) {
  BlockSpec s = gated(c, 8, 128);
  read_silu(c, s);
  read_rope(c, s, {.theta = 1e6, .scaling = RopeScaling{.kind = RopeScalingKind::llama3, .factor = 16}});
  set_ffn_bias(s, c.flag("mlp_bias", false));
  const int window = c.whole({"sliding_window"}, 8192);
  if (slides(c, l, l % 4 != 0)) set_window(s, window);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

// Windows from a layer on, where they are switched on.
void read_qwen_windows(Config& c, BlockSpec& s, int l) {
  const bool use = c.flag("use_sliding_window", false);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const std::optional<int> full = c.whole_or_none("max_window_layers", 28, 0);
  const bool slid = slides(c, l, use && full && l >= *full);
  if (slid && !(use && window))
    c.fail("layer_types", "full_attention, since use_sliding_window is false", "sliding_attention");
  if (slid) set_window(s, window);
}

BlockSpec qwen2_with(Config& c, int l, const RopeDefaults& rope, double eps) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, rope);
  set_qkv_bias(s, true);
  read_qwen_windows(c, s, l);
  pre_norm(s, rms_said(c, eps));
  return s;
}

BlockSpec qwen2(Config& c, int l) {
  c.must_be("use_mrope", false);
  return qwen2_with(c, l, {}, 1e-6);
}

BlockSpec qwen2_vl(Config& c, int l) { return qwen2_with(c, l, {.theta = 1e6, .has_sections = true}, 1e-5); }

BlockSpec qwen3_with(Config& c, const RopeDefaults& rope) {
  BlockSpec s = gated(c, {}, 128);
  read_silu(c, s);
  read_rope(c, s, rope);
  read_attention_bias(c, s);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec qwen3(Config& c, int l) {
  BlockSpec s = qwen3_with(c, {});
  read_qwen_windows(c, s, l);
  return s;
}

BlockSpec qwen3_vl(Config& c, int) { return qwen3_with(c, {.theta = 5e5, .has_sections = true}); }

BlockSpec cohere(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, {.theta = {}, .style = RopeStyle::interleaved});
  read_attention_bias(c, s);
  c.must_be("use_qk_norm", false);
  NormSpec norm = layer_norm(c.number({"layer_norm_eps"}, 1e-5));
  norm.bias = false;
  parallel(s, norm);
  return s;
}

BlockSpec cohere2(Config& c, int l) {
  BlockSpec s = cohere(c, l);
  c.must_be("use_gated_activation", true);
  c.must_be("use_parallel_block", true);
  c.must_be("position_embedding_type", "rope_gptj");
  c.must_be("order_of_interleaved_layers", "local_attn_first");
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const int pattern = c.whole({"sliding_window_pattern", "_sliding_window_pattern", "layer_switch"}, 4);
  if (slides(c, l, (l + 1) % pattern != 0)) set_window(s, window);
  if (!s.attention.mask.window) s.position.rope.reset();  // no positions where every key is seen
  return s;
}

BlockSpec granite(Config& c, int l) {
  BlockSpec s = llama(c, l);
  s.branch_scale = c.number({"residual_multiplier"}, 1);
  s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = c.number({"attention_multiplier"}, 1)};
  return s;
}

BlockSpec smollm3(Config& c, int l) {
  BlockSpec s = llama_with(c, {.theta = 2e6});
  const int interval = c.whole({"no_rope_layer_interval"}, 4);
  bool turns = (l + 1) % interval != 0;
  if (const Config::Json* list = c.find({"no_rope_layers"})) {
    if (!list->is_array() || list->size() <= std::size_t(l))
      c.refuse("no_rope_layers", "a list with 1 or 0 for each layer", *list);
    turns = (*list)[std::size_t(l)] == 1 || (*list)[std::size_t(l)] == true;
  }
  if (!turns) s.position.rope.reset();
  c.ignore({"max_window_layers"});
  const bool use = c.flag("use_sliding_window", false);
  const std::optional<int> window = c.whole_or_none("sliding_window", {});
  if (slides(c, l, use && window && !turns)) {
    if (!(use && window))
      c.fail("layer_types", "full_attention, since there is no window", "sliding_attention");
    set_window(s, window);
  }
  return s;
}

BlockSpec stablelm(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, {.partial = 0.25});
  set_qkv_bias(s, c.flag("use_qkv_bias", false));
  c.must_be("qk_layernorm", false);
  const bool is_parallel = c.flag("use_parallel_residual", false);
  (is_parallel ? parallel : pre_norm)(s, layer_norm(c.number({"layer_norm_eps"}, 1e-5)));
  return s;
}

BlockSpec phi3(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  if (s.position.rope->scaling && is_yarn(*s.position.rope->scaling))
    c.fail("rope_scaling", "short_factor and long_factor, since \"yarn\" means longrope here", "yarn");
  c.must_be("attention_bias", false);
  set_window(s, c.whole_or_none("sliding_window", {}));
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec gemma(Config& c, int) {
  BlockSpec s = gated(c, 16, 256);
  const std::string function = c.text({"hidden_activation"}, c.text({"hidden_act"}, "gelu_pytorch_tanh"));
  if (function != "gelu" && function != "gelu_pytorch_tanh")  // "gelu" of old files means the other too
    c.refuse("hidden_act", "gelu_pytorch_tanh", Config::Json(function));
  s.ffn.activation = Activation::gelu_tanh;
  read_rope(c, s);
  read_attention_bias(c, s);
  c.must_be("use_bidirectional_attention", false);
  pre_norm(s, rms_said(c, 1e-6, 1));
  return s;
}

constexpr Named phi3_names[] = {{"attn.norm_in", "input_layernorm"},
                                {"ffn.norm_in", "post_attention_layernorm"},
                                {"attn.q_proj", "self_attn.qkv_proj", Piece::q},
                                {"attn.k_proj", "self_attn.qkv_proj", Piece::k},
                                {"attn.v_proj", "self_attn.qkv_proj", Piece::v},
                                {"attn.o_proj", "self_attn.o_proj"},
                                {"ffn.gate_proj", "mlp.gate_up_proj", Piece::gate},
                                {"ffn.up_proj", "mlp.gate_up_proj", Piece::up},
                                {"ffn.down_proj", "mlp.down_proj"}};

constexpr Model gated_table[] = {{"llama", llama, "layers", "norm", separate_names},
                                 {"mistral", mistral, "layers", "norm", separate_names},
                                 {"ministral", ministral, "layers", "norm", separate_names},
                                 {"qwen2", qwen2, "layers", "norm", separate_names},
                                 {"qwen3", qwen3, "layers", "norm", separate_names},
                                 {"qwen2_vl_text", qwen2_vl, "layers", "norm", separate_names},
                                 {"qwen2_5_vl_text", qwen2_vl, "layers", "norm", separate_names},
                                 {"qwen3_vl_text", qwen3_vl, "layers", "norm", separate_names},
                                 {"gemma", gemma, "layers", "norm", separate_names},
                                 {"cohere", cohere, "layers", "norm", separate_names},
                                 {"cohere2", cohere2, "layers", "norm", separate_names},
                                 {"cwm", cwm, "layers", "norm", separate_names},
                                 {"ernie4_5", ernie4_5, "layers", "norm", separate_names},
                                 {"granite", granite, "layers", "norm", separate_names},
                                 {"helium", helium, "layers", "norm", separate_names},
                                 {"hunyuan_v1_dense", hunyuan_v1_dense, "layers", "norm", separate_names},
                                 {"olmo", olmo, "layers", "norm", separate_names},
                                 {"seed_oss", seed_oss, "layers", "norm", separate_names},
                                 {"smollm3", smollm3, "layers", "norm", separate_names},
                                 {"stablelm", stablelm, "layers", "norm", separate_names},
                                 {"phi3", phi3, "layers", "norm", phi3_names}};

}  // namespace

std::span<const Model> gated_models() { return gated_table; }

}  // namespace plumbline
