// A small campaign of what plumbline_characteristics measures at length: detection is only ever looked at
// beside false alarms.
#include "measure/characteristics.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace plumbline {
namespace {

TEST(Characteristics, NoFalseAlarmsAndNoMisses) {
  for (const auto& [profile, preset] :
       {std::pair{"float32", "post_norm"}, std::pair{"bfloat16-mixed", "llama"}}) {
    const Campaign campaign{.presets = {preset}, .seeds = 1, .width = 16};
    const Characteristics c = measure(campaign, find_profile(profile), Recipe::rich, true);
    EXPECT_EQ(c.false_alarms, 0) << profile << " of " << c.correct;
    EXPECT_GT(c.clear, 0);
    EXPECT_EQ(c.found_clear, c.clear) << profile;
    EXPECT_EQ(c.unknown_found_clear, c.clear) << profile;  // by the general test alone
    // Of two that the question cannot separate the other may be named: the record counts how often.
    EXPECT_GT(c.named_right, c.named_wrong) << profile;
  }
}

TEST(Characteristics, PairsAreNamed) {
  const Pairs pairs = name_pairs({.presets = {"gpt2", "llama"}, .width = 16}, find_profile("float32"), 4);
  EXPECT_EQ(pairs.called_wrong, pairs.tried);
  EXPECT_GT(pairs.named, 0);  // the record counts how often
}

}  // namespace
}  // namespace plumbline
