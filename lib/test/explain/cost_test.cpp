#include <gtest/gtest.h>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/explain/cost.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// Per layer: 4 T d^2 for the projections, 2 T^2 d for scores and values, 2 T d d_ff for the feed-forward.
TEST(Cost, MultiplyAddsOfPreNormAreTheTextbookCount) {
  const std::int64_t d = 64, d_ff = 256, layers = 3;
  const BlockSpec s = find_preset("pre_norm").make({.n_layers = 3});
  for (const std::int64_t T : {1, 7, 64})
    EXPECT_EQ(cost_of(s, static_cast<int>(T)).multiply_adds,
              layers * (4 * T * d * d + 2 * T * T * d + 2 * T * d * d_ff));
}

TEST(Cost, AGatedFeedForwardHasThreeProjections) {
  const std::int64_t T = 5, d = 64, d_ff = 96, kv = 32;
  const BlockSpec s = find_preset("llama").make({.n_kv_heads = 2, .d_ff = 96});
  EXPECT_EQ(cost_of(s, 5).multiply_adds, 2 * T * d * d + 2 * T * d * kv + 2 * T * T * d + 3 * T * d * d_ff);
}

// All but 1 + w of the five norms, which is made once.
TEST(Cost, BatchesDoNotSeeEachOther) {
  const BlockSpec s = find_preset("gemma2").make({});
  EXPECT_EQ(cost_of(s, 8, 3).multiply_adds, 3 * cost_of(s, 8, 1).multiply_adds);
  EXPECT_EQ(cost_of(s, 8, 3).elementwise, 3 * cost_of(s, 8, 1).elementwise - 2 * 5 * 64);
}

TEST(Cost, EveryParameterIsReadOnce) {
  for (const Preset& preset : presets()) {
    const BlockSpec s = preset.small({.n_layers = 2});
    std::int64_t expected = 0;
    for (const auto& shape : parameter_shapes(s)) expected += std::int64_t{shape.rows} * shape.cols;
    EXPECT_EQ(cost_of(s, 3).parameters, expected) << preset.name;
  }
}

// A post_norm layer without biases: a norm is 7 operations per entry (sum, centre, square, sum, scale,
// gain, bias) and 4 per row (divide, divide, add eps, rsqrt); then the adds, the scores' scale and softmax,
// the activation.
TEST(Cost, ElementwiseOperationsAreCountedOneByOne) {
  BlockSpec s = find_preset("post_norm").make({});
  s.attention.bias = {false, false, false, false};
  s.ffn.bias.in = s.ffn.bias.out = false;
  const std::int64_t T = 4, d = 64, heads = 4, visible = T * (T + 1) / 2;
  const std::int64_t norm = T * d * 7 + T * 4;
  EXPECT_EQ(cost_of(s, 4).elementwise, 2 * norm + 2 * T * d + heads * (T * T + 4 * visible) + T * 4 * d);
}

}  // namespace
}  // namespace plumbline
