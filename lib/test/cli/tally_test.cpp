// What the results of a run add up to: an exit status that says so.
#include "cli/tally.hpp"
#include "cli/formats.hpp"

#include <gtest/gtest.h>

namespace plumbline::cli {
namespace {

// So many cases of each outcome, and one law that holds.
RunReport with(std::vector<std::pair<Outcome, int>> cases, Outcome law = Outcome::holds) {
  RunReport r{.title = "run"};
  for (const auto& [outcome, n] : cases) r.results.insert(r.results.end(), n, {"case", outcome, "why"});
  r.results.push_back({"law", law, "", 0, true});
  return r;
}

TEST(Tally, ARunThatAgreesIsGreen) {
  const RunReport r = with({{Outcome::agrees, 3}});
  EXPECT_EQ(exit_status(r), 0);
  EXPECT_EQ(closing_line(r), "No failure.");
}

TEST(Tally, LawsAreNoCases) {
  const RunReport r = with({{Outcome::skipped, 4}, {Outcome::discarded, 2}});
  EXPECT_EQ(exit_status(r), 1);
  EXPECT_EQ(closing_line(r), "No case was judged: 4 skipped, 2 discarded.");
  EXPECT_EQ(reasons(r), (std::map<std::string, int>{{"skipped: why", 4}, {"discarded: why", 2}}));
  EXPECT_EQ(exit_status(with({})), 1);
  EXPECT_EQ(closing_line(with({})), "No case was asked.");
}

TEST(Tally, WhatWasNotJudgedStandsInTheLastLine) {
  RunReport r = with({{Outcome::agrees, 3}, {Outcome::skipped, 1}});
  EXPECT_EQ(exit_status(r), 0);
  EXPECT_EQ(closing_line(r), "No failure; 1 of 4 cases were not judged (1 skipped).");
  r.max_skipped = 25;
  EXPECT_EQ(exit_status(r), 0);
  r.max_skipped = 24;
  EXPECT_EQ(exit_status(r), 1);
  EXPECT_EQ(closing_line(r), "No failure; 1 of 4 cases were not judged (1 skipped), more than 24 %.");
}

TEST(Tally, ACaseThatIsAskedAgainNeedOnlyFailNoMore) {
  RunReport r{.title = "replay", .results = {{"case", Outcome::discarded, "zero would pass too"}}};
  EXPECT_EQ(exit_status(r), 1);
  r.asks_again = true;
  EXPECT_EQ(exit_status(r), 0);
  EXPECT_EQ(closing_line(r), "It fails no more; whether it is right, this question cannot say.");
  r.results.front().outcome = Outcome::skipped;
  EXPECT_EQ(exit_status(r), 1);
}

TEST(Tally, EveryFailureIsRed) {
  for (const Outcome o : {Outcome::invalid, Outcome::wrong, Outcome::coarser}) {
    const RunReport r = with({{Outcome::agrees, 3}, {o, 1}});
    EXPECT_EQ(exit_status(r), 1) << name_of(o);
    EXPECT_EQ(closing_line(r), "1 of 5 failed.");
  }
  EXPECT_EQ(exit_status(with({{Outcome::agrees, 3}}, Outcome::broken)), 1);
  EXPECT_EQ(exit_status(with({{Outcome::agrees, 3}}, Outcome::untried)), 0);
}

TEST(Tally, WhatEndedTheRunGoesFirst) {
  RunReport r = with({{Outcome::agrees, 3}});
  r.stopped = "the command hung 3 times";
  EXPECT_EQ(exit_status(r), 1);
  r.signal = 2;
  EXPECT_EQ(exit_status(r), 130);
  r.fault = "a bug";
  EXPECT_EQ(exit_status(r), 3);
  EXPECT_NE(to_text(r).find("A fault of Plumbline's own, which says nothing of the command: a bug"),
            std::string::npos);
}

}  // namespace
}  // namespace plumbline::cli
