// The runner: it tries as many cases as asked, shrinks, replays, and does not take a crash for a verdict.
#include "properties/trial.hpp"

#include <gtest/gtest.h>

#include "properties/generators/instances.hpp"
#include "properties/records/kills.hpp"
#include "properties/residual.hpp"
#include "properties/subjects/mutant.hpp"

namespace plumbline::properties {
namespace {

Law law_of(void (*check)(const Subject&)) {
  return {"TEST-1", "a claim", both_norms({"pre_norm"}, "a test"), check, {}};
}

int smallest_width = 0, smallest_tokens = 0;

void fails_from_width_six(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  if (at.spec.d < 6) return;
  smallest_width = std::min(smallest_width, at.spec.d);
  smallest_tokens = std::min(smallest_tokens, static_cast<int>(at.x.rows()));
  RC_FAIL("wide");
}

TEST(Trial, FailuresShrinkToTheSmallestDimensions) {
  smallest_width = smallest_tokens = 100;
  const Trial trial = try_law(law_of(fails_from_width_six), Subject(), 60);
  EXPECT_TRUE(trial.fails);
  EXPECT_EQ(smallest_width, 6);
  EXPECT_EQ(smallest_tokens, 3);
}

TEST(Trial, FailuresSayHowToReplayThem) {
  const Trial trial = try_law(law_of(fails_from_width_six), Subject(), 60);
  EXPECT_NE(trial.message.find("TEST-1: a claim"), std::string::npos) << trial.message;
  EXPECT_NE(trial.message.find("Replay: RC_PARAMS=\"reproduce="), std::string::npos) << trial.message;
  EXPECT_NE(trial.message.find("plumbline_law_test --gtest_filter=Law.TEST_1"), std::string::npos)
      << trial.message;
}

TEST(Trial, TheSameSeedGivesTheSameRun) {
  const Law& law = all_laws().front();
  const Trial one = try_law(law, Subject(), 20), two = try_law(law, Subject(), 20);
  EXPECT_EQ(one.coverage, two.coverage);
  EXPECT_EQ(one.ledger.widest_residual, two.ledger.widest_residual);
}

TEST(Trial, CountsWhatKindsOfCasesWereDrawn) {
  const Trial trial = try_law(all_laws().front(), Subject(), 60);
  EXPECT_EQ(trial.coverage.at("norm layer_norm"), 60);
  EXPECT_GT(trial.coverage.at("spike rows"), 0);
  EXPECT_GT(trial.coverage.at("eps dominates the variance of a row"), 0);
}

// At the smallest size RapidCheck would draw one seed for everything: x and w would be the same numbers.
void draws_different_matrices(const Subject&) {
  RC_ASSERT(lower(draw_matrix(1, 1)(0, 0)) != lower(draw_matrix(1, 1)(0, 0)));
}
TEST(Trial, MatricesDifferFromTheFirstCaseOn) {
  EXPECT_TRUE(try_law(law_of(draws_different_matrices), Subject(), 1).holds);
}

void throws(const Subject&) { throw Error("not evaluated"); }
TEST(Trial, WhatIsThrownIsNoVerdict) {
  EXPECT_EQ(try_law(law_of(throws), Subject(), 5).broken, "not evaluated");
}

// Neither that the law holds nor that it does not: a mutant is not noticed by a law that asks it nothing.
void asks_nothing(const Subject&) { RC_DISCARD("no case"); }
TEST(Trial, TooFewCasesAreNoVerdict) {
  const Trial trial = try_law(law_of(asks_nothing), Subject(), 5);
  EXPECT_FALSE(trial.holds);
  EXPECT_FALSE(trial.fails);
  EXPECT_THROW(kills_of(law_of(asks_nothing)), Error);
}

void unbounded(const Subject&) { RC_ASSERT(vanishes(I(1) / hull(I(-1), I(1)))); }
TEST(Trial, AnUnboundedResidualShowsNothing) { EXPECT_TRUE(try_law(law_of(unbounded), Subject(), 1).fails); }

// An emptied law notices nothing: the test of its mutants turns red.
void says_nothing(const Subject&) {}
TEST(Trial, AnEmptyLawLetsEveryMutantPass) {
  for (const Law& law : all_laws())
    for (std::string_view id : law.mutants) {
      Law emptied = law;
      emptied.check = says_nothing;
      EXPECT_TRUE(try_law(emptied, find_mutant(id).subject, 1, false).holds) << law.id << " on " << id;
    }
}

}  // namespace
}  // namespace plumbline::properties
