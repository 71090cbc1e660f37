// Decoders whose feed-forward has no gate and squares what relu leaves: Nemotron, Arcee, Jais 2, nanochat,
// and Persimmon.
#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {
namespace {

// As Llama, but for norms.
BlockSpec squared(Config& c, const RopeDefaults& rope, bool bias) {
  BlockSpec s = gated(c);
  s.ffn.kind = FeedForwardKind::mlp;
  read_activation(c, s, {"hidden_act"}, "relu2");
  read_rope(c, s, rope);
  read_attention_bias(c, s, bias);
  set_ffn_bias(s, c.flag("mlp_bias", bias));
  return s;
}

BlockSpec nemotron(Config& c, int) {
  BlockSpec s = squared(c, {.partial = 0.5}, false);
  NormSpec norm = layer_norm(c.number({"norm_eps"}, 1e-5));
  norm.gain_offset = 1;
  pre_norm(s, norm);
  return s;
}

BlockSpec arcee(Config& c, int) {
  BlockSpec s = squared(c, {}, false);
  pre_norm(s, rms_said(c, 1e-5));
  return s;
}

BlockSpec jais2(Config& c, int) {
  BlockSpec s = squared(c, {}, true);
  pre_norm(s, layer_norm(c.number({"layer_norm_eps"}, 1e-5)));
  return s;
}

// Norms have no gain, and positions turn the other way.
BlockSpec nanochat(Config& c, int) {
  BlockSpec s = squared(c, {}, false);
  s.position.rope->sign = -1;
  NormSpec norm = rms_said(c, 1e-6);
  norm.gain = false;
  pre_norm(s, norm);
  norm_heads(s, norm, NormWidth::head_dim, QkPosition::after_rope);
  return s;
}

BlockSpec persimmon(Config& c, int) {
  BlockSpec s = block_said(c);
  s.ffn.d_ff = c.whole({"intermediate_size"});
  read_activation(c, s, {"hidden_act"}, "relu2");
  read_rope(c, s, {.partial = 0.5});
  const NormSpec norm = layer_norm(c.number({"layer_norm_eps"}, 1e-5));
  pre_norm(s, norm);
  if (c.flag("qk_layernorm", true)) norm_heads(s, norm, NormWidth::head_dim);
  return s;
}

constexpr std::array<Named, 2> nanochat_ffn{{{"ffn.up_proj", "mlp.fc1"}, {"ffn.down_proj", "mlp.fc2"}}};
constexpr auto nanochat_names = joined(attention_names, nanochat_ffn);

constexpr Named persimmon_names[] = {{"attn.norm_in", "input_layernorm"},
                                     {"ffn.norm_in", "post_attention_layernorm"},
                                     {"attn.q_proj", "self_attn.query_key_value", Piece::q},
                                     {"attn.k_proj", "self_attn.query_key_value", Piece::k},
                                     {"attn.v_proj", "self_attn.query_key_value", Piece::v},
                                     {"attn.o_proj", "self_attn.dense"},
                                     {"attn.norm_q", "self_attn.q_layernorm"},
                                     {"attn.norm_k", "self_attn.k_layernorm"},
                                     {"ffn.up_proj", "mlp.dense_h_to_4h"},
                                     {"ffn.down_proj", "mlp.dense_4h_to_h"}};

constexpr Model squared_table[] = {
    {"nemotron", nemotron, "layers", "norm", separate_names},
    {"arcee", arcee, "layers", "norm", separate_names},
    {"jais2", jais2, "layers", "norm", separate_names},
    {"nanochat", nanochat, "layers", "norm", nanochat_names},
    {"persimmon", persimmon, "layers", "final_layernorm", persimmon_names, QkvPacking::per_group}};

}  // namespace

std::span<const Model> squared_models() { return squared_table; }

}  // namespace plumbline
