// What failing questions have in common is told where the others show it, and never where chance may do it.
#include "plumbline/campaign/separation.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using Fails = std::function<bool(const QuestionSettings&)>;

std::vector<QuestionSettings> questions(int n, std::uint64_t seed) {
  std::mt19937_64 draw(seed);
  const auto size = [&](int from, int to) { return from + int(draw() % std::uint64_t(to - from + 1)); };
  std::vector<QuestionSettings> out(n);
  for (QuestionSettings& q : out) {
    q.spec = spec_from_json(parse_json(R"({"preset": "pre_norm", "d": 8})", "test"));
    q.spec.d = size(4, 200), q.tokens = size(1, 130), q.batch = size(1, 3);
    q.spec.attention.n_heads = size(1, 4), q.spec.attention.n_kv_heads = 1;
    q.recipe = Recipe(size(0, 5));
  }
  return out;
}

struct Told {
  std::string text;
  std::size_t failing = 0, agreeing = 0;

  std::string none(const char* condition) const {
    return "all " + std::to_string(failing) + " that fail, and none of the " + std::to_string(agreeing) +
           " that agree: " + condition;
  }
};

Told separated(int n, const Fails& fails, std::uint64_t seed = 1) {
  std::vector<QuestionSettings> failing, agreeing;
  for (const QuestionSettings& q : questions(n, seed)) (fails(q) ? failing : agreeing).push_back(q);
  return {separation(failing, agreeing), failing.size(), agreeing.size()};
}

TEST(Separation, FindsTheTailOfVectors) {
  const Told told = separated(60, [](const QuestionSettings& q) { return q.spec.d % 8 != 0; });
  EXPECT_EQ(told.text, told.none("d is not a multiple of 8"));
}

TEST(Separation, FindsTheFirstTokenBeyondATile) {
  const Told told = separated(400, [](const QuestionSettings& q) { return q.tokens > 64; });
  EXPECT_EQ(told.text, told.none("T > 64"));
}

TEST(Separation, FindsSharedHeads) {
  const Told told = separated(60, [](const QuestionSettings& q) { return q.spec.attention.n_heads > 1; });
  EXPECT_TRUE(told.text == told.none("n_heads > 1") || told.text == told.none("n_kv_heads < n_heads"));
}

TEST(Separation, FindsTheRecipe) {
  const auto is_hot = [](const QuestionSettings& q) { return q.recipe == Recipe::hot_scores; };
  const Told told = separated(60, is_hot);
  EXPECT_EQ(told.text, told.none("the numbers are those of the recipe hot_scores"));
}

// A mistake need not show wherever its condition is met.
TEST(Separation, CountsThoseThatAgreeAllTheSame) {
  const auto shows = [](const QuestionSettings& q) { return q.tokens > 64 && q.recipe != Recipe::ordinary; };
  const std::string told = separated(400, shows).text;
  EXPECT_TRUE(told.ends_with("that agree: T > 64")) << told;
  EXPECT_EQ(told.find("none"), std::string::npos) << told;
}

TEST(Separation, SaysNothingOfWhatChanceDoes) {
  int told = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 toss(seed + 1000);
    const auto by_chance = [&](const QuestionSettings&) { return toss() % 5 == 0; };
    told += !separated(30, by_chance, seed).text.empty();
  }
  EXPECT_LE(told, 3);  // 300 times separation_chance, and three deviations of it
  const auto is_odd = [](const QuestionSettings& q) { return q.spec.d % 2 == 1; };
  EXPECT_EQ(separated(4, is_odd).text, "");
}

TEST(Separation, NeedsBothKinds) {
  EXPECT_EQ(separation(questions(20, 1), {}), "");
  EXPECT_EQ(separation({}, questions(20, 1)), "");
}

}  // namespace
}  // namespace plumbline
