// Recipes show what rich questions hide.
#include "plumbline/cases/recipes.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "plumbline/judge/signatures.hpp"

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

// A hash of all bits of its numbers: FNV-1a of 64 bits.
std::uint64_t hash_of(const Question& q) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](const Matrix<double>& x) {
    for (const double v : x.reshaped()) hash = (hash ^ std::bit_cast<std::uint64_t>(v)) * 0x100000001b3;
  };
  add(q.inputs.x);
  for (const auto& [name, value] : q.inputs.parameters) add(value);
  add(q.inputs.cotangent);
  return hash;
}

// Two draws in one expression would come in an order that each compiler chooses for itself. The numbers are
// what g++ 12 and clang++ 14 both find.
TEST(RecipesOfAnySpec, GiveTheSameNumbersWithEveryCompiler) {
  std::vector<std::uint64_t> hashes;
  for (const auto& [recipe, name] : names<Recipe>())
    hashes.push_back(hash_of(question_from("bert", recipe, find_profile("float32"), true, 1, 16)));
  const std::vector<std::uint64_t> expected{0xd06072694c4054e5, 0xa56008ea2045dc8f, 0x1642d333c045dc8f,
                                            0x596008ea2045dc8f, 0xeaf58d52c045dc8f, 0x4004b56c045dc8f};
  EXPECT_EQ(hashes, expected);
}

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

// ---- the edges

Question at_the_edges(const char* spec, const char* profile, std::uint64_t seed) {
  return question_from({.spec = spec_from_json(parse_json(spec, "spec")),
                        .batch = 2,
                        .tokens = 8,
                        .recipe = Recipe::edges,
                        .seed = seed},
                       find_profile(profile));
}

constexpr const char* norm_of_32 = R"({"part": "norm", "d": 32, "norm": {"kind": "layer_norm"}})";

// How many of some questions' rows are like that.
template <class Is>
int rows_that(const char* profile, Is is) {
  int n = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Question q = at_the_edges(norm_of_32, profile, seed);
    for (const auto& row : q.inputs.x.rowwise()) n += is(Matrix<double>(row));
  }
  return n;
}

bool is_nearly_constant(const Matrix<double>& x) {
  const double spread = x.maxCoeff() - x.minCoeff();
  return spread > 0 && spread < std::abs(x.mean()) / 2;
}

TEST(Edges, TokensAre0OrNearlyConstant) {
  for (const char* profile : {"float32", "bfloat16-mixed", "float16-mixed", "float16"})
    EXPECT_GT(rows_that(profile, is_nearly_constant), 0) << profile;
  const auto is_zero = [](const Matrix<double>& x) { return x.isZero(0); };
  EXPECT_GT(rows_that("float32", is_zero), 0);
  EXPECT_EQ(rows_that("float16", is_zero), 0);  // 1 / sqrt(eps)^3 overflows there
}

// A sum of squares in float16 overflows where one in float32 does not; where float16 is declared, it comes
// near that and no further.
TEST(Edges, SumsComeNearOverflow) {
  const double largest = 65504;
  EXPECT_GT(rows_that("float16-mixed", [&](const auto& x) { return x.squaredNorm() > largest; }), 0);
  EXPECT_EQ(rows_that("float16", [&](const auto& x) { return x.squaredNorm() > largest; }), 0);
  EXPECT_GT(rows_that("float16", [&](const auto& x) { return x.squaredNorm() > largest / 16; }), 0);
}

TEST(Edges, ParametersAre0) {
  int gains = 0, projections = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Question q =
        at_the_edges(R"({"preset": "gemma2", "d": 24, "attention": {"n_heads": 2, "head_dim": 8},
                                        "ffn": {"d_ff": 24}})",
                     "float32", seed);
    for (const auto& [name, value] : q.inputs.parameters)
      if (name.find("norm") != name.npos)
        gains += (value.array() == -1).any();  // the gain is 1 + weight
      else
        projections += (value.rowwise().squaredNorm().array() == 0).any();
  }
  EXPECT_GT(gains, 0);
  EXPECT_GT(projections, 0);
}

// Two experts whose rows of the router are 0 have equal scores, and which of them is chosen is open: right
// answers would differ.
TEST(Edges, NoTwoExpertsHaveEqualScores) {
  int projections = 0;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    const Question q = at_the_edges(
        R"({"part": "ffn", "d": 16, "ffn": {"d_ff": 8, "moe": {"experts": 16, "shared_d_ff": 8, "shared_gate": true}}})",
        "float32", seed);
    for (const auto& [name, value] : q.inputs.parameters) {
      const bool has_row_of_0 = (value.rowwise().squaredNorm().array() == 0).any();
      if (name.find("router.weight") != name.npos)
        EXPECT_FALSE(has_row_of_0) << seed;
      else if (name.find("up_proj.weight") != name.npos)
        projections += has_row_of_0;
    }
  }
  EXPECT_GT(projections, 0);
}

}  // namespace
}  // namespace plumbline
