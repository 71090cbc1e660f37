#include "plumbline/hugging_face/gated.hpp"

namespace plumbline {

BlockSpec gated(Config& c, std::optional<int> n_kv_heads, std::optional<int> head_dim) {
  BlockSpec s = block_said(c);
  read_grouped_heads(c, s, n_kv_heads, head_dim);
  set_attention_bias(s, false);
  set_ffn_bias(s, false);
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.d_ff = c.whole({"intermediate_size"});
  return s;
}

void read_silu(Config& c, BlockSpec& s) { read_activation(c, s, {"hidden_act"}, "silu"); }

void read_rope(Config& c, BlockSpec& s, const RopeDefaults& defaults) {
  s.position.rope = rope_said(c, s.attention.head_dim, defaults);
}

NormSpec rms_said(Config& c, double eps, int gain_offset) {
  return rms_norm(c.number({"rms_norm_eps"}, eps), gain_offset);
}

void norm_heads(BlockSpec& s, NormSpec norm, NormWidth width, QkPosition position) {
  norm.width = width, norm.position = position;
  s.norm_slots.attn.q = s.norm_slots.attn.k = norm;
}

void norm_outputs(BlockSpec& s, const NormSpec& norm) {
  s.norm_slots.attn.out = s.norm_slots.ffn.out = s.final_norm = norm;
}

void read_attention_bias(Config& c, BlockSpec& s, bool otherwise) {
  set_attention_bias(s, c.flag("attention_bias", otherwise));
}

BlockSpec llama_with(Config& c, const RopeDefaults& rope, double eps) {
  BlockSpec s = gated(c);
  read_silu(c, s);
  read_rope(c, s, rope);
  read_attention_bias(c, s);
  set_ffn_bias(s, c.flag("mlp_bias", false));
  pre_norm(s, rms_said(c, eps));
  return s;
}

}  // namespace plumbline
