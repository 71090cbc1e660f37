// Gated feed-forwards and norms on what the sublayers answer: Gemma from the second on, OLMo from the second
// on, GLM, EXAONE 4. VaultGemma and the first GLM are here because of what they have in common with these.
#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {
namespace {

// What Gemmas have in common from the second on, but for positions, windows and norms.
BlockSpec gemma_of(Config& c) {
  BlockSpec s = gated(c, 4, 256);
  read_activation(c, s, {"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh");
  read_attention_bias(c, s);
  c.must_be("use_bidirectional_attention", false);
  s.attention.scale = {.rule = ScaleRule::inv_sqrt_scalar, .value = c.number({"query_pre_attn_scalar"}, 256)};
  pre_norm(s, rms_said(c, 1e-6, 1));
  return s;
}

BlockSpec vaultgemma(Config& c, int l) {
  BlockSpec s = gemma_of(c);
  s.attention.softcap.cap = c.number_or_none("attn_logit_softcapping", 50);
  read_rope(c, s);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  c.find({"sliding_window", "sliding_window_size"});  // once more, in some files
  if (slides(c, l, l % 2 == 0)) set_window(s, window);
  return s;
}

BlockSpec gemma2(Config& c, int l) {
  BlockSpec s = vaultgemma(c, l);
  norm_outputs(s, *s.final_norm);
  return s;
}

BlockSpec gemma3(Config& c, int l) {
  BlockSpec s = gemma_of(c);
  if (const Config::Json* cap = c.find({"attn_logit_softcapping"}))  // which transformers does not apply
    c.refuse("attn_logit_softcapping", "null", *cap);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const int pattern = c.whole({"sliding_window_pattern", "_sliding_window_pattern"}, 6);
  const bool slid = slides(c, l, (l + 1) % pattern != 0);
  if (slid) set_window(s, window);
  s.position.rope = rope_of_layer(c, s.attention.head_dim, slid, {.theta = slid ? 1e4 : 1e6});
  norm_outputs(s, *s.final_norm);
  norm_heads(s, *s.final_norm, NormWidth::head_dim);
  return s;
}

BlockSpec olmo_of(Config& c) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_attention_bias(c, s);
  const NormSpec norm = rms_said(c, 1e-5);
  norm_outputs(s, norm);
  norm_heads(s, norm, NormWidth::full_heads);
  return s;
}

BlockSpec olmo2(Config& c, int) {
  BlockSpec s = olmo_of(c);
  read_rope(c, s);
  return s;
}

BlockSpec olmo3(Config& c, int l) {
  BlockSpec s = olmo_of(c);
  const std::optional<int> window = c.whole_or_none("sliding_window", 4096);
  const bool slid = slides(c, l, (l + 1) % 4 != 0);
  if (slid) set_window(s, window);
  s.position.rope = rope_of_layer(c, s.attention.head_dim, slid, {.theta = 500000});
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

constexpr Model output_norm_table[] = {{"gemma2", gemma2, "layers", "norm", output_names},
                                       {"gemma3_text", gemma3, "layers", "norm", output_names},
                                       {"vaultgemma", vaultgemma, "layers", "norm", output_names},
                                       {"olmo2", olmo2, "layers", "norm", output_names},
                                       {"olmo3", olmo3, "layers", "norm", output_names},
                                       {"glm", glm, "layers", "norm", glm_names},
                                       {"glm4", glm4, "layers", "norm", glm_names},
                                       {"exaone4", exaone4, "layers", "norm", output_names}};

}  // namespace

std::span<const Model> output_norm_models() { return output_norm_table; }

}  // namespace plumbline
