// Heads that are neither projected nor averaged by a softmax: parts rope and linear_attention.
#include "golden/generate/cases/cases.hpp"

namespace plumbline::golden {
namespace {

// Of 3 channels, so that no scale is a power of two; of 6 where some turn.
BlockSpec of_heads(Part part, int n_heads, int n_kv_heads, int head_dim) {
  BlockSpec s;
  s.part = part;
  s.d = n_heads * head_dim;
  s.attention.n_heads = n_heads, s.attention.n_kv_heads = n_kv_heads, s.attention.head_dim = head_dim;
  s.ffn.d_ff = 4 * s.d;
  return s;
}

BlockSpec turning(const RopeSpec& rope) {
  BlockSpec s = of_heads(Part::rope, 2, 2, 6);
  s.position.rope = rope;
  return s;
}

BlockSpec recurring(const LinearAttentionSpec& linear, int n_heads = 2) {
  BlockSpec s = of_heads(Part::linear_attention, n_heads, 2, 3);
  s.attention.linear = linear;
  return s;
}

}  // namespace

void add_heads_alone(List& list) {
  std::uint64_t seed = 2100;
  const auto add = [&](const char* id, const BlockSpec& spec) {
    list.add({id, {spec, 4, 2, ++seed, Regime::plain, {}}});
  };
  add("rope/half", turning({.style = RopeStyle::half, .rotary_dim = 4, .base = 100}));
  add("rope/interleaved", turning({.style = RopeStyle::interleaved, .rotary_dim = 6, .sign = -1}));
  add("rope/tables-half", turning({.style = RopeStyle::half, .rotary_dim = 6, .tables = RopeTables::given}));
  add("rope/tables-interleaved",
      turning({.style = RopeStyle::interleaved, .rotary_dim = 4, .sign = -1, .tables = RopeTables::given}));

  BlockSpec wide = recurring({.rule = UpdateRule::linear});
  wide.attention.v_head_dim = 4;
  add("linear_attention/linear", wide);
  add("linear_attention/gated",
      recurring({.rule = UpdateRule::gated, .decay_over = DecayOver::channels, .state = true}));
  add("linear_attention/delta", recurring({.rule = UpdateRule::delta, .state = true}, 4));
  add("linear_attention/gated-delta", recurring({.qk_l2_eps = 1e-3}, 4));
  add("linear_attention/gated-delta-channels", recurring({.decay_over = DecayOver::channels, .state = true}));
}

}  // namespace plumbline::golden
