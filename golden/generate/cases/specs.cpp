#include "golden/generate/cases/specs.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {

NormSpec rms_norm(int gain_offset) {
  return {.kind = NormKind::rms_norm, .eps = 1e-6, .gain_offset = gain_offset, .bias = false};
}
NormSpec layer_norm(double eps) { return {.eps = eps}; }

RopeSpec rope(RopeStyle style, int rotary_dim) { return {.style = style, .rotary_dim = rotary_dim}; }

BlockSpec layout(const char* name, int d, int n_layers) {
  return find_preset(name).make({.d = d, .n_layers = n_layers, .n_heads = 1, .head_dim = 4, .d_ff = 10});
}

void heads(BlockSpec& s, int n_heads, int n_kv_heads) {
  s.attention.n_heads = n_heads;
  s.attention.n_kv_heads = n_kv_heads;
  s.attention.head_dim = 4;
}

void qk_norm(BlockSpec& s, NormWidth width, QkPosition position) {
  NormSpec norm = rms_norm(0);
  norm.width = width;
  norm.position = position;
  s.norm_slots.attn.q = s.norm_slots.attn.k = norm;
}

void add_attention(List& list, const char* name, void (*change)(BlockSpec&), int tokens) {
  BlockSpec s = layout("pre_norm", 12);
  heads(s, 4, 2);
  s.part = Part::attention;
  change(s);
  list.add(std::string("attention/") + name, s, Regime::plain, tokens, 2);
}

}  // namespace plumbline::golden
