#include "plumbline/naming/diagnosis.hpp"

#include <gtest/gtest.h>

#include "measure/characteristics.hpp"
#include "peer/block.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

const Profile& in_float32() { return find_profile("float32"); }

// Questions, what was answered, and how each answer was judged by itself.
class Answers {
 public:
  void add(const Question& q, const std::vector<std::string>& wrong) {
    requests_.push_back({"case", in_float32(), q});
    const auto d = [&](int k) -> const Deviation& { return find_deviation(wrong[k]); };
    const std::uint64_t seed = 70 + requests_.size();
    outputs_.push_back(wrong.empty()       ? peer::answer(q, {.name = "eager"}, false)
                       : wrong.size() == 1 ? faulty_answer(q, in_float32(), d(0), seed)
                                           : faulty_answer(q, in_float32(), d(0), d(1), seed).value());
    verdicts_.push_back(judge(q, in_float32(), outputs_.back()));
  }
  void add(const char* preset, const std::vector<std::string>& wrong, Recipe recipe = Recipe::rich) {
    add(question_from(preset, recipe, in_float32(), false, 1 + requests_.size(), 20), wrong);
  }
  Outputs& last() { return outputs_.back(); }
  Verdict& verdict(int i) { return verdicts_[i]; }
  void judge_last_again() {
    verdicts_.back() = judge(requests_.back().question, in_float32(), outputs_.back());
  }

  std::vector<Diagnosis> diagnose() const {
    std::vector<Evidence> evidence;
    for (std::size_t i = 0; i < requests_.size(); ++i)
      evidence.push_back({&requests_[i], &outputs_[i], &verdicts_[i]});
    return plumbline::diagnose(evidence);
  }

 private:
  std::vector<Request> requests_;
  std::vector<Outputs> outputs_;
  std::vector<Verdict> verdicts_;
};

Deviations named(const std::vector<std::string>& ids) {
  Deviations out;
  for (const std::string& id : ids) out.push_back(&find_deviation(id));
  return out;
}

TEST(Diagnosis, OneBugHasOneName) {
  Answers a;
  for (Recipe recipe : {Recipe::rich, Recipe::near_eps, Recipe::hot_scores})
    a.add("gpt2", {"norm/eps-outside-sqrt"}, recipe);
  // alone, one of them is taken for another bug
  a.verdict(1).deviation = "norm/eps-clamped";
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].deviations, named({"norm/eps-outside-sqrt"}));
  EXPECT_EQ(d[0].cases, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(describe(d[0], 3).ends_with(", explains 3 of 3 failing cases)")) << describe(d[0], 3);
}

TEST(Diagnosis, BugsInDifferentCasesAreApart) {
  Answers a;
  a.add("gpt2", {"scale/by-width"});
  a.add("gpt2", {"scale/by-width"});
  a.add("gpt2", {"mask/sees-next"});
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 2u);
  EXPECT_EQ(d[0].deviations, named({"scale/by-width"}));
  EXPECT_EQ(d[1].deviations, named({"mask/sees-next"}));
  EXPECT_EQ(d[1].cases, (std::vector<int>{2}));
}

// Other cases show one of the two alone.
TEST(Diagnosis, APairIsNamedThatExplainsMoreThanASingleOne) {
  Answers a;
  a.add("gpt2", {"norm/eps-outside-sqrt"});
  for (int i = 0; i < 2; ++i) a.add("gpt2", {"norm/eps-outside-sqrt", "scale/by-width"});
  a.add("gpt2", {"scale/by-width"});
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 3u);
  EXPECT_EQ(d[0].cases, (std::vector<int>{1, 2}));
  Deviations pair = d[0].deviations;
  std::sort(pair.begin(), pair.end());
  EXPECT_EQ(pair, named({"norm/eps-outside-sqrt", "scale/by-width"}));
}

// With 16 channels in 4 heads, 1/sqrt(d) is 1/head_dim.
TEST(Diagnosis, WhatIsTheSameHereIsSaidToBe) {
  Answers a;
  QuestionSettings s{.spec = find_preset("gpt2").make({.d = 16, .n_heads = 4, .d_ff = 20})};
  a.add(question_from(s, in_float32()), {"scale/by-width"});
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 1u);
  Deviations all = d[0].same;
  all.push_back(d[0].deviations.at(0));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, named({"scale/by-width", "scale/twice"}));
  EXPECT_NE(describe(d[0], 1).find("; the same here as scale/"), std::string::npos);
}

TEST(Diagnosis, WhatNothingExplainsIsSaidToBeUnknown) {
  Answers a;
  a.add("gpt2", {"scale/by-width"});
  a.add("gpt2", {});
  a.last()["y"].row(3) *= 1.05;
  a.judge_last_again();
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 2u);  // a name for half of the failures does not lead
  EXPECT_FALSE(d[0].is_named());
  EXPECT_EQ(d[0].cases, (std::vector<int>{1}));
  EXPECT_EQ(d[1].deviations, named({"scale/by-width"}));
}

TEST(Diagnosis, AgreeingCasesSayWhereABugIsAbsent) {
  Answers a;
  a.add("gpt2", {"scale/by-width"});
  a.add("gpt2", {});
  a.add("gpt2", {});
  const std::vector<Diagnosis> d = a.diagnose();
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].absent, 2);
}

}  // namespace
}  // namespace plumbline
