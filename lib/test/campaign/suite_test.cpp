// Suites: what a question separates, which questions are chosen, and how answers in files are judged.
#include "plumbline/campaign/suite.hpp"

#include <gtest/gtest.h>

#include "measure/characteristics.hpp"
#include "peer/block.hpp"
#include "plumbline/campaign/examine.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

Request request(const char* id, const char* preset, Recipe recipe, const char* profile = "float32") {
  const Profile& p = find_profile(profile);
  return {id, p, question_from(preset, recipe, p, false, 1, 16)};
}

SuiteCase fake(const char* id, Separations separations) { return {{id, {}, {}}, std::move(separations)}; }

std::vector<std::string> ids(const std::vector<SuiteCase>& cases) {
  std::vector<std::string> out;
  for (const SuiteCase& c : cases) out.push_back(c.request.id);
  return out;
}

TEST(Suite, TakesWhatSeparatesMoreBeforeWhatSeparatesBetter) {
  const std::vector<SuiteCase> all{fake("a", {{"x", 900}, {"y", 0.5}}), fake("b", {{"x", 2}, {"y", 2}}),
                                   fake("c", {{"y", 0.9}}), fake("d", {{"z", 1.5}})};
  EXPECT_EQ(ids(choose(all, 2)), (std::vector<std::string>{"b", "d"}));
  EXPECT_EQ(ids(choose(all, 3)), (std::vector<std::string>{"a", "b", "d"}));
  EXPECT_EQ(ids(choose(all, 9)).size(), 4u);
}

TEST(Suite, NamesTheCaseThatSeparatesBest) {
  const auto best =
      best_separations({fake("a", {{"x", 900}, {"y", 0.5}}), fake("b", {{"x", 2}, {"y", 0.7}})});
  EXPECT_EQ(best.at("x").id, "a");
  EXPECT_EQ(best.at("y").id, "b");
  EXPECT_EQ(best.at("y").factor, 0.7);
}

TEST(Suite, AFactorOfOneIsWhatTheJudgeCallsSeparated) {
  const Request r = request("q", "gpt2", Recipe::rich, "bfloat16-mixed");
  const std::optional<SuiteCase> c = candidate(r);
  ASSERT_TRUE(c);
  const Judge judge(r.question, r.profile);
  const std::vector<std::string> hidden = judge.cannot_separate();
  for (const auto& [id, factor] : c->separations)
    EXPECT_EQ(factor < 1, std::find(hidden.begin(), hidden.end(), id) != hidden.end()) << id << " " << factor;
}

TEST(Suite, AQuestionOnWhichCorrectCodeOverflowsIsNoCandidate) {
  Request r = request("q", "llama", Recipe::ordinary, "float16-mixed");
  r.question.inputs.parameters["layers.0.ffn.down_proj.weight"] *= 32768;
  EXPECT_FALSE(candidate(r));
}

// As `plumbline judge` sees it: the question and the answer have both been files.
Examination judged(const Request& r, const Outputs& outputs) {
  const Request again = request_from(from_bytes(to_bytes(to_container(r)), "question"), "question");
  const Container file = to_container(outputs, r.question, r.profile);
  const Answer answer = answer_from(from_bytes(to_bytes(file), "answer"), again.question, again.profile);
  return examine(again, answer);
}

TEST(Suite, AnswersInFilesAreJudged) {
  const Request r = request("q", "gpt2", Recipe::rich);
  EXPECT_EQ(judged(r, peer::answer(r.question, {.name = "eager"}, false)).outcome, Outcome::agrees);
  const Deviation& d = find_deviation("norm/eps-outside-sqrt");
  const Examination e = judged(r, faulty_answer(r.question, r.profile, d, 7));
  EXPECT_EQ(e.outcome, Outcome::wrong);
  EXPECT_NE(e.message.find(d.id), std::string::npos) << e.message;
}

}  // namespace
}  // namespace plumbline
