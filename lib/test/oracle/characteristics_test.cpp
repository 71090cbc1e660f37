// A small campaign of what plumbline_characteristics measures at length: detection is only ever looked at
// beside false alarms.
#include "oracle/characteristics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace plumbline {
namespace {

TEST(Characteristics, NoFalseAlarmsAndFewMisses) {
  const Campaign campaign{.presets = {"post_norm", "llama"}, .seeds = 1, .width = 24};
  for (const char* profile : {"float32", "bfloat16-mixed"}) {
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

TEST(Characteristics, TheTableIsRectangular) {
  const Campaign campaign{.presets = {"bert"}, .seeds = 1, .width = 16};
  std::ostringstream out;
  print(out, campaign, {"float32"});
  std::istringstream lines(out.str());
  std::size_t bars = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto n = std::size_t(std::count(line.begin(), line.end(), '|'));
    if (bars == 0) bars = n;
    EXPECT_EQ(n, bars) << line;
  }
}

}  // namespace
}  // namespace plumbline
