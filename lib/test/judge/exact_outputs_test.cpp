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

TEST(ExactOutputs, OfALargeBlockAreThoseInLongDouble) {
  const QuestionSettings s{
      .spec = find_preset("gpt2").small({.d = 448, .d_ff = 1792}), .tokens = 32, .gradients = true};
  const Question q = question_from(s, find_profile("float32"));
  double weights = 0;
  for (const auto& [name, value] : q.inputs.parameters) weights += double(value.size());
  ASSERT_GT(weights * s.tokens, 0x1p26) << "too small for balls";

  const auto found = exact_outputs(q, find_profile("float32"), 2);
  const auto g =
      gradients<long double>(q.spec, cast<long double>(q.inputs.parameters), cast<long double>(q.inputs.x),
                             cast<long double>(q.inputs.cotangent), q.batch);
  std::vector<Matrix<long double>> expected{g.y, g.x};
  for (const auto& [name, value] : g.parameters) expected.push_back(value);
  ASSERT_EQ(found.size(), expected.size());
  long double largest = 0;  // beside which a gradient that is 0 but for what cancels is measured
  for (const auto& e : expected) largest = std::max(largest, e.cwiseAbs().maxCoeff());
  const std::vector<std::string> names = output_names(q);
  for (std::size_t k = 0; k < found.size(); ++k) {
    const bool cancels = expected[k].cwiseAbs().maxCoeff() < apart * largest;
    const long double size = cancels ? largest : expected[k].cwiseAbs().maxCoeff();
    EXPECT_LE((found[k] - expected[k]).cwiseAbs().maxCoeff(), apart * size) << names[k];
  }
}

}  // namespace
}  // namespace plumbline
