// Recipes show what rich questions hide.
#include "plumbline/oracle/recipes.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plumbline/oracle/signatures.hpp"

namespace plumbline {
namespace {

double separation(std::string_view preset, Recipe recipe, std::string_view id, bool gradients = false) {
  const Profile& profile = find_profile("bfloat16-mixed");
  const Calibration calibration(question_from(preset, recipe, profile, gradients, 1, 24), profile,
                                {.members = 12});
  const Signatures signatures(calibration);
  for (const Signature& s : signatures.all())
    if (s.deviation->id == id) return s.separation;
  return 0;
}

struct Lift {
  const char* preset;
  Recipe recipe;
  const char* deviation;
  double factor;
  bool gradients = false;
};

std::ostream& operator<<(std::ostream& out, const Lift& l) {
  return out << l.preset << ", " << name_of(l.recipe) << ", " << l.deviation;
}

class Recipes : public testing::TestWithParam<Lift> {};

TEST_P(Recipes, SeparateWhatRichQuestionsDoNot) {
  const Lift& l = GetParam();
  const double before = separation(l.preset, Recipe::rich, l.deviation, l.gradients);
  const double after = separation(l.preset, l.recipe, l.deviation, l.gradients);
  EXPECT_GT(after, l.factor * before) << before << " -> " << after;
}

INSTANTIATE_TEST_SUITE_P(All, Recipes,
                         testing::Values(Lift{"pre_norm", Recipe::near_eps, "norm/eps-missing", 2},
                                         Lift{"bert", Recipe::near_eps, "norm/eps-missing", 1e3},
                                         Lift{"olmo2", Recipe::near_eps, "norm/eps-outside-sqrt", 10},
                                         Lift{"gemma2", Recipe::hot_scores, "softcap/missing", 10},
                                         Lift{"pre_norm", Recipe::sweep, "activation/tanh-for-erf", 10},
                                         Lift{"gemma2", Recipe::sweep, "activation/erf-for-tanh", 10},
                                         Lift{"gpt2", Recipe::sweep, "activation/erf-for-tanh", 10, true}));

TEST(RecipesOfAnySpec, KeepItsSizes) {
  const Profile& profile = find_profile("float32");
  QuestionSettings s{.spec = spec_from_json(parse_json(
                         R"({"preset": "llama", "d": 7, "attention": {"n_heads": 2, "head_dim": 4}})", "")),
                     .batch = 2,
                     .tokens = 3};
  for (const auto& [recipe, name] : names<Recipe>()) {
    s.recipe = recipe;
    const Question q = question_from(s, profile);
    EXPECT_EQ(q.spec, s.spec) << name;
    EXPECT_EQ(q.inputs.x.rows(), 6) << name;
    EXPECT_EQ(q.inputs.x.cols(), 7) << name;
  }
}

}  // namespace
}  // namespace plumbline
