// Adjoints of taps against first-order responses, which are computed forward and by other code.
#include "plumbline/judge/trace.hpp"

#include <gtest/gtest.h>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

Scores weights_like(const Scores& outputs, std::uint64_t seed) {
  Scores w;
  for (const Matrix<double>& value : outputs)
    w.push_back(value.unaryExpr([&](double) { return centred_uniform(mixed(seed++)); }));
  return w;
}

struct Traced {
  Question question = question_from("llama", Recipe::rich, find_profile("float32"), true, 2, 16);
  Trace trace{question};
  Scores outputs;
  Traced() {
    const CaseInputs& in = question.inputs;
    const auto g = gradients<double>(question.spec, in.parameters, in.x, in.cotangent, question.batch);
    outputs = {g.y, g.x};
    for (const auto& [name, value] : g.parameters) outputs.push_back(value);
  }
};

TEST(Trace, ManyAdjointsAreThoseOfEach) {
  Traced f;
  const std::vector<Scores> w{weights_like(f.outputs, 1), weights_like(f.outputs, 2)};
  const std::vector<Scores> of_y = f.trace.adjoints({w[0][0], w[1][0]});
  const std::vector<Trace::Both> of_all = f.trace.adjoints_of_all(w);
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(of_y[k], f.trace.adjoints({w[k][0]})[0]);
    const Trace::Both alone = f.trace.adjoints_of_all({w[k]})[0];
    EXPECT_EQ(of_all[k].value, alone.value);
    EXPECT_EQ(of_all[k].cotangent, alone.cotangent);
  }
  EXPECT_NE(of_all[0].value, of_all[1].value);
}

TEST(Trace, ManyResponsesAreThoseOfEach) {
  Traced f;
  std::vector<std::string> places;
  for (const Tap& tap : f.trace.taps())
    if (std::find(places.begin(), places.end(), tap.place) == places.end()) places.push_back(tap.place);
  ASSERT_GT(places.size(), 5u);
  const std::vector<Matrix<double>> all = responses(f.question, places);
  ASSERT_EQ(all.size(), places.size());
  for (std::size_t k = 0; k < places.size(); ++k) {
    EXPECT_EQ(all[k], responses(f.question, {places[k]}).front()) << places[k];
    EXPECT_GT(all[k].norm(), 0) << places[k];
  }
}

// Two ways to one number differ by the rounding of a double, or they differ in the first digits: the middle
// of the two, on a logarithmic scale, is between them.
TEST(Trace, AnAdjointTellsHowYRespondsToEveryPlace) {
  Traced f;
  const Matrix<double> w = weights_like(f.outputs, 3)[0];
  const Scores adjoint = f.trace.adjoints({w})[0];
  std::map<std::string, double> by_place, size;
  for (std::size_t i = 0; i < adjoint.size(); ++i) {
    const Tap& tap = f.trace.taps()[i];
    by_place[tap.place] += adjoint[i].cwiseProduct(tap.value).sum();
    size[tap.place] += adjoint[i].cwiseProduct(tap.value).cwiseAbs().sum();
  }
  for (const auto& [place, sum] : by_place) {
    const double expected = responses(f.question, {place}).front().cwiseProduct(w).sum();
    EXPECT_NEAR(sum, expected, 0x1p-26 * size[place]) << place;
  }
}

}  // namespace
}  // namespace plumbline
