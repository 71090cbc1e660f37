// What answers are compared with, where a block is so large that balls are the faster way to it.
#include <gtest/gtest.h>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/calibration.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// Two ways to one number differ by the rounding of long double, 2^-64, or by a mistake that a float32, 2^-24,
// can show: the middle of the two, on a logarithmic scale, is between them.
constexpr double apart = 0x1p-44;

// y of GPT-2, at a width and a number of tokens from which balls are taken.
TEST(ExactOutputs, OfALargeBlockAreThoseInLongDouble) {
  const QuestionSettings s{.spec = find_preset("gpt2").small({.d = 448, .d_ff = 1792}), .tokens = 32};
  const Question q = question_from(s, find_profile("float32"));
  const auto found = exact_outputs(q, find_profile("float32"), 2);
  ASSERT_EQ(found.size(), 1u);
  const auto expected =
      evaluate(q.spec, cast<long double>(q.inputs.parameters), cast<long double>(q.inputs.x), q.batch);
  EXPECT_LE((found[0] - expected).cwiseAbs().maxCoeff(), apart * expected.cwiseAbs().maxCoeff());
}

// And gradients. That of a bias of keys is 0 but for what cancels.
TEST(ExactOutputs, GradientsOfALargeBlockAreThoseInLongDouble) {
  const QuestionSettings s{
      .spec = find_preset("gpt2").small({.d = 448, .d_ff = 1792}), .tokens = 32, .gradients = true};
  const Question q = question_from(s, find_profile("float32"));
  const auto found = exact_outputs(q, find_profile("float32"), 2);
  const auto g = gradients(q.spec, cast<long double>(q.inputs.parameters), cast<long double>(q.inputs.x),
                           cast<long double>(q.inputs.cotangent), q.batch);
  std::vector<Matrix<long double>> expected{g.y, g.x};
  for (const auto& [name, value] : g.parameters) expected.push_back(value);
  ASSERT_EQ(found.size(), expected.size());
  long double all = 0;
  for (const auto& value : expected) all = std::max(all, value.cwiseAbs().maxCoeff());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const long double own = expected[i].cwiseAbs().maxCoeff(), cancels = apart * all;
    EXPECT_LE((found[i] - expected[i]).cwiseAbs().maxCoeff(), apart * (own > cancels ? own : all)) << i;
  }
}

}  // namespace
}  // namespace plumbline
