#include <utility>

#include "golden/generate/cases/cases.hpp"
#include "golden/generate/cases/specs.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

// A stack of three layers, with that final norm.
BlockSpec stack_of(std::vector<BlockSpec> layers, const NormSpec& final_norm) {
  for (BlockSpec& layer : layers) layer.part = Part::block, layer.n_layers = 1, layer.final_norm.reset();
  BlockSpec s = layers.front();
  s.part = Part::stack, s.n_layers = 3, s.final_norm = final_norm;
  s.layers = std::move(layers);
  return s;
}

BlockSpec decoder() {
  return find_preset("llama").make({.d = 8, .n_heads = 2, .n_kv_heads = 1, .head_dim = 4, .d_ff = 6});
}

// As Gemma 3 has them: near keys alone with slow positions, then all with fast ones.
BlockSpec local_and_global() {
  BlockSpec local = decoder(), global = decoder();
  local.attention.mask.kind = MaskKind::causal_sliding, local.attention.mask.window = 2;
  global.position.rope->base = 1e6;
  return stack_of({local, global}, rms_norm(0));
}

BlockSpec dense_and_experts() {
  BlockSpec experts = decoder();
  experts.ffn.d_ff = 5;
  experts.ffn.moe = MoeSpec{.experts = 3, .top_k = 2};
  return stack_of({decoder(), experts}, rms_norm(0));
}

}  // namespace

void add_unlike_layers(List& list) {
  const BlockSpec post = layout("post_norm", 6), pre = layout("pre_norm", 6);
  list.add("layers/post-norm-then-pre-norm", stack_of({post, pre, pre}, layer_norm(1e-5)), Regime::plain, 3);
  list.add("layers/local-and-global", local_and_global(), Regime::plain, 4);
  list.add("layers/dense-and-experts", dense_and_experts(), Regime::plain, 3);
}

}  // namespace plumbline::golden
