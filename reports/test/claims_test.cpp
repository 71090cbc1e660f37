// Verdicts follow from numbers: with an inequality reversed, or with other numbers, they are others.
#include "reports/claims/claims_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace plumbline::reports {
namespace {

// Those that are judged by records alone, which need no run.
std::vector<Claim> recorded_claims() {
  const DepthRecord record = read_depth_record();
  std::vector<Claim> all = stack_claims(record);
  std::ranges::move(mixer_claims(record), std::back_inserter(all));
  std::ranges::move(trained_claims(read_training_files()), std::back_inserter(all));
  return all;
}

Verdict verdict_of(const std::vector<Claim>& claims, const std::string& id) {
  return verdict(*std::ranges::find(claims, id, &Claim::id));
}

TEST(Claims, EveryInequalityDecides) {
  for (const Claim& claim : recorded_claims()) {
    ASSERT_EQ(verdict(claim), claim.if_so) << claim.id;
    ASSERT_NE(claim.if_so, claim.otherwise) << claim.id;
    for (std::size_t i = 0; i < claim.comparisons.size(); ++i) {
      Claim reversed = claim;
      Relation& r = reversed.comparisons[i].relation;
      r = r == Relation::at_most ? Relation::at_least : Relation::at_most;
      EXPECT_EQ(verdict(reversed), claim.otherwise) << claim.id << ": " << claim.comparisons[i].what;
    }
  }
}

TEST(Claims, AnotherRecordGivesOtherVerdicts) {
  DepthRecord record = read_depth_record();
  for (StackRecord& s : record.stacks)
    s.layout = s.layout == "keel" ? "post_norm" : s.layout == "post_norm" ? "keel" : s.layout;
  EXPECT_THROW(stack_claims(record), std::exception);  // keel has no controls
  record = read_depth_record();
  for (StackRecord& s : record.stacks)
    for (auto& [layers, seeds] : s.gradient)
      if (s.layout == "keel") seeds.front() = -1;
  EXPECT_EQ(verdict_of(stack_claims(record), "keel-keeps-gradients"), Verdict::refuted);
  for (MixerRecord& m : record.mixers) m.values["norm"].assign(1, 1.0);
  EXPECT_EQ(verdict_of(mixer_claims(record), "mhc-non-expansive"), Verdict::holds);
  for (MixerRecord& m : record.mixers) m.values["row_gap"].assign(1, 0.1);
  EXPECT_EQ(verdict_of(mixer_claims(record), "mhc-lite-exact"), Verdict::refuted);
}

TEST(Claims, ALawThatFailsDecides) {
  const Claim claim{.id = "a",
                    .says = "",
                    .source = "",
                    .if_so = Verdict::holds,
                    .otherwise = Verdict::refuted,
                    .line = "",
                    .tried = "",
                    .comparisons = {},
                    .laws = {"PRE-1"},
                    .laws_hold = false};
  EXPECT_EQ(verdict(claim), Verdict::refuted);
}

TEST(Claims, WithoutEvidenceNothingIsSaid) {
  for (const Claim& c : untested_claims()) EXPECT_EQ(verdict(c), Verdict::not_tested) << c.id;
}

TEST(Claims, NoNumberIsNoEvidence) { EXPECT_FALSE(holds({"", std::nan(""), Relation::at_most, 1})); }

TEST(Claims, IdsAreUnique) {
  std::set<std::string> ids;
  std::vector<Claim> all = recorded_claims();
  std::ranges::move(untested_claims(), std::back_inserter(all));
  for (const Claim& c : all) EXPECT_TRUE(ids.insert(c.id).second) << c.id;
}

}  // namespace
}  // namespace plumbline::reports
