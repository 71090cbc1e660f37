// A small campaign of what plumbline_characteristics measures at length: detection is only ever looked at
// beside false alarms.
#include "measure/characteristics.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace plumbline {
namespace {

TEST(Characteristics, NoFalseAlarmsAndFewMisses) {
  for (const auto& [profile, preset] :
       {std::pair{"float32", "post_norm"}, std::pair{"bfloat16-mixed", "llama"}}) {
    const Campaign campaign{.presets = {preset}, .seeds = 1, .width = 16};
    const Characteristics c = measure(campaign, find_profile(profile), Recipe::rich, true);
    EXPECT_EQ(c.false_alarms, 0) << profile << " of " << c.correct;
    EXPECT_GT(c.clear, 30);
    EXPECT_GE(c.found_clear, 0.95 * c.clear) << profile;
    EXPECT_GE(c.unknown_found_clear, 0.95 * c.clear) << profile;
    EXPECT_GE(c.named_right, 9 * c.named_wrong) << profile;
  }
}

TEST(Characteristics, PairsAreNamed) {
  const Pairs pairs = name_pairs({.presets = {"gpt2", "llama"}, .width = 16}, find_profile("float32"), 4);
  EXPECT_EQ(pairs.called_wrong, pairs.tried);
  EXPECT_GE(pairs.named, pairs.tried - 1);
}

}  // namespace
}  // namespace plumbline
