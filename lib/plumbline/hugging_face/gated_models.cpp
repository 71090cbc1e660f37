// Llama and those that grew out of it: a gated feed-forward, rotary embeddings, grouped heads. To be here
// once a spec says them: gpt_oss (a sink in attention, a limit in the feed-forward), qwen3_next (a gate on
// the output of attention), gemma4 (a norm on values). nemotron waits for an activation, the square of relu.
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"

namespace plumbline {
namespace {

// The widths, a feed-forward that is gated by silu, and no biases.
BlockSpec gated(Config& c, std::optional<int> n_kv_heads = {}, std::optional<int> head_dim = {}) {
  BlockSpec s = block_said(c);
  read_grouped_heads(c, s, n_kv_heads, head_dim);
  set_attention_bias(s, false);
  set_ffn_bias(s, false);
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  return s;
}

void read_silu(Config& c, BlockSpec& s) { s.ffn.activation = activation_said(c, {"hidden_act"}, "silu"); }

void read_rope(Config& c, BlockSpec& s, const RopeDefaults& defaults = {}) {
  s.position.rope = rope_said(c, s.attention.head_dim, defaults);
}

NormSpec rms_said(Config& c, double eps, int gain_offset = 0) {
  return rms_norm(c.number({"rms_norm_eps"}, eps), gain_offset);
}

void norm_heads(BlockSpec& s, NormSpec norm, NormWidth width) {
  norm.width = width;
  s.norm_slots.attn.q = s.norm_slots.attn.k = norm;
}

void norm_outputs(BlockSpec& s, const NormSpec& norm) {
  s.norm_slots.attn.out = s.norm_slots.ffn.out = s.final_norm = norm;
}

BlockSpec llama_with(Config& c, const RopeDefaults& rope) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, rope);
  set_attention_bias(s, c.flag("attention_bias", false));
  set_ffn_bias(s, c.flag("mlp_bias", false));
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec llama(Config& c, int) { return llama_with(c, {}); }

BlockSpec mistral(Config& c, int) {
  BlockSpec s = gated(c, 8);
  read_silu(c, s);
  read_rope(c, s);
  set_window(s, c.whole_or_none("sliding_window", 4096));
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

// Windows from a layer on, where they are switched on.
void read_qwen_windows(Config& c, BlockSpec& s, int l) {
  const bool use = c.flag("use_sliding_window", false);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const std::optional<int> full = c.whole_or_none("max_window_layers", 28);
  const bool slid = slides(c, l, use && full && l >= *full);
  if (slid && !(use && window))
    c.fail("layer_types", "full_attention, since use_sliding_window is false", "sliding_attention");
  if (slid) set_window(s, window);
}

BlockSpec qwen2(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  set_qkv_bias(s, true);
  c.must_be("use_mrope", false);
  read_qwen_windows(c, s, l);
  pre_norm(s, rms_said(c, 1e-6));
  return s;
}

BlockSpec qwen3(Config& c, int l) {
  BlockSpec s = gated(c, {}, 128);
  read_silu(c, s);
  read_rope(c, s);
  set_attention_bias(s, c.flag("attention_bias", false));
  read_qwen_windows(c, s, l);
  const NormSpec norm = rms_said(c, 1e-6);
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

BlockSpec gemma(Config& c, int) {
  BlockSpec s = gated(c, 16, 256);
  const std::string function = c.text({"hidden_activation"}, c.text({"hidden_act"}, "gelu_pytorch_tanh"));
  if (function != "gelu" && function != "gelu_pytorch_tanh")  // "gelu" of old files means the other too
    c.refuse("hidden_act", "gelu_pytorch_tanh", Config::Json(function));
  s.ffn.activation = Activation::gelu_tanh;
  read_rope(c, s);
  set_attention_bias(s, c.flag("attention_bias", false));
  c.must_be("use_bidirectional_attention", false);
  pre_norm(s, rms_said(c, 1e-6, 1));
  return s;
}

BlockSpec gemma2(Config& c, int l) {
  BlockSpec s = gated(c, 4, 256);
  s.ffn.activation = activation_said(c, {"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh");
  read_rope(c, s);
  set_attention_bias(s, c.flag("attention_bias", false));
  c.must_be("use_bidirectional_attention", false);
  s.attention.scale = {.rule = ScaleRule::inv_sqrt_scalar, .value = c.number({"query_pre_attn_scalar"}, 256)};
  s.attention.softcap.cap = c.number_or_none("attn_logit_softcapping", 50);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  c.find({"sliding_window", "sliding_window_size"});  // once more, in some files
  if (slides(c, l, l % 2 == 0)) set_window(s, window);
  const NormSpec norm = rms_said(c, 1e-6, 1);
  pre_norm(s, norm);
  norm_outputs(s, norm);
  return s;
}

BlockSpec olmo2(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  set_attention_bias(s, c.flag("attention_bias", false));
  const NormSpec norm = rms_said(c, 1e-5);
  norm_outputs(s, norm);
  norm_heads(s, norm, NormWidth::full_heads);
  return s;
}

BlockSpec cohere(Config& c, int) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, {.theta = {}, .style = RopeStyle::interleaved});
  set_attention_bias(s, c.flag("attention_bias", false));
  c.must_be("use_qk_norm", false);
  NormSpec norm = layer_norm(c.number({"layer_norm_eps"}, 1e-5));
  norm.bias = false;
  parallel(s, norm);
  return s;
}

BlockSpec glm(Config& c, int) {
  BlockSpec s = gated(c, 2, 128);
  read_silu(c, s);
  read_rope(c, s, {.partial = 0.5, .style = RopeStyle::interleaved});
  set_qkv_bias(s, c.flag("attention_bias", true));
  pre_norm(s, rms_said(c, 1.5625e-7));
  return s;
}

BlockSpec glm4(Config& c, int l) {
  BlockSpec s = glm(c, l);
  norm_outputs(s, *s.final_norm);
  return s;
}

BlockSpec granite(Config& c, int l) {
  BlockSpec s = llama(c, l);
  s.branch_scale = c.number({"residual_multiplier"}, 1);
  s.attention.scale = {.rule = ScaleRule::one, .value = {}, .mult = c.number({"attention_multiplier"}, 1)};
  return s;
}

BlockSpec exaone4(Config& c, int l) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const bool has_types = c.find({"layer_types"}) != nullptr;
  const int pattern = has_types || !window ? 1 : c.whole({"sliding_window_pattern"}, 4);
  c.ignore({"sliding_window_pattern"});
  const bool slid = slides(c, l, window && (l + 1) % pattern != 0);
  if (slid) set_window(s, window);
  if (window && !slid) s.position.rope.reset();  // no positions where every key is seen
  const NormSpec norm = rms_said(c, 1e-5);
  norm_outputs(s, norm);
  norm_heads(s, norm, NormWidth::head_dim);
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
  c.ignore({"original_max_position_embeddings"});  // of scaled positions, and these are refused
  c.must_be("attention_bias", false);
  set_window(s, c.whole_or_none("sliding_window", {}));
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec nemotron(Config& c, int) {
  BlockSpec s = gated(c);
  s.ffn.kind = FeedForwardKind::mlp;
  s.ffn.activation = activation_said(c, {"hidden_act"}, "relu2");
  read_rope(c, s, {.partial = 0.5});
  set_attention_bias(s, c.flag("attention_bias", false));
  set_ffn_bias(s, c.flag("mlp_bias", false));
  NormSpec norm = layer_norm(c.number({"norm_eps"}, 1e-5));
  norm.gain_offset = 1;
  pre_norm(s, norm);
  return s;
}

constexpr Named separate_names[] = {{"norm_in", "input_layernorm"},
                                    {"attn.norm_in", "input_layernorm"},
                                    {"ffn.norm_in", "post_attention_layernorm"},
                                    {"attn.q_proj", "self_attn.q_proj"},
                                    {"attn.k_proj", "self_attn.k_proj"},
                                    {"attn.v_proj", "self_attn.v_proj"},
                                    {"attn.o_proj", "self_attn.o_proj"},
                                    {"attn.norm_q", "self_attn.q_norm"},
                                    {"attn.norm_k", "self_attn.k_norm"},
                                    {"ffn.gate_proj", "mlp.gate_proj"},
                                    {"ffn.up_proj", "mlp.up_proj"},
                                    {"ffn.down_proj", "mlp.down_proj"}};

// The norm on attention's output has the name that elsewhere is that of the norm before the feed-forward.
constexpr Named output_names[] = {{"attn.norm_in", "input_layernorm"},
                                  {"attn.norm_out", "post_attention_layernorm"},
                                  {"ffn.norm_in", "pre_feedforward_layernorm"},
                                  {"ffn.norm_out", "post_feedforward_layernorm"},
                                  {"attn.q_proj", "self_attn.q_proj"},
                                  {"attn.k_proj", "self_attn.k_proj"},
                                  {"attn.v_proj", "self_attn.v_proj"},
                                  {"attn.o_proj", "self_attn.o_proj"},
                                  {"attn.norm_q", "self_attn.q_norm"},
                                  {"attn.norm_k", "self_attn.k_norm"},
                                  {"ffn.gate_proj", "mlp.gate_proj"},
                                  {"ffn.up_proj", "mlp.up_proj"},
                                  {"ffn.down_proj", "mlp.down_proj"}};

constexpr Named glm_names[] = {{"attn.norm_in", "input_layernorm"},
                               {"attn.norm_out", "post_self_attn_layernorm"},
                               {"ffn.norm_in", "post_attention_layernorm"},
                               {"ffn.norm_out", "post_mlp_layernorm"},
                               {"attn.q_proj", "self_attn.q_proj"},
                               {"attn.k_proj", "self_attn.k_proj"},
                               {"attn.v_proj", "self_attn.v_proj"},
                               {"attn.o_proj", "self_attn.o_proj"},
                               {"ffn.gate_proj", "mlp.gate_up_proj", Piece::gate},
                               {"ffn.up_proj", "mlp.gate_up_proj", Piece::up},
                               {"ffn.down_proj", "mlp.down_proj"}};

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
                                 {"qwen2", qwen2, "layers", "norm", separate_names},
                                 {"qwen3", qwen3, "layers", "norm", separate_names},
                                 {"gemma", gemma, "layers", "norm", separate_names},
                                 {"gemma2", gemma2, "layers", "norm", output_names},
                                 {"olmo2", olmo2, "layers", "norm", output_names},
                                 {"cohere", cohere, "layers", "norm", separate_names},
                                 {"glm", glm, "layers", "norm", glm_names},
                                 {"glm4", glm4, "layers", "norm", glm_names},
                                 {"granite", granite, "layers", "norm", separate_names},
                                 {"exaone4", exaone4, "layers", "norm", output_names},
                                 {"smollm3", smollm3, "layers", "norm", separate_names},
                                 {"stablelm", stablelm, "layers", "norm", separate_names},
                                 {"phi3", phi3, "layers", "norm", phi3_names},
                                 {"nemotron", nemotron, "layers", "norm", separate_names}};

}  // namespace

std::span<const Model> gated_models() { return gated_table; }

}  // namespace plumbline
