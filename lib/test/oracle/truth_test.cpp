#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plumbline/io/digits.hpp"
#include "plumbline/oracle/truth.hpp"

namespace plumbline {
namespace {

CaseSettings two_post_norm_layers() {
  return case_from_json(
      parse_json(R"({"spec": {"preset": "post_norm", "d": 16, "n_layers": 2}, "T": 6})", "test"));
}

TEST(Truth, TwoPostNormLayersAreEnclosedTo40DigitsAtBothPrecisions) {
  for (const Certificate& c : certificates(two_post_norm_layers())) {
    EXPECT_LT(c.width60, End("1e-40")) << c.name;
    EXPECT_LT(c.width120, End("1e-100")) << c.name;
  }
}

// A bias on keys shifts all scores of a query alike, so softmax does not see it.
TEST(Truth, OnlyTheKeyBiasesHaveNoGradient) {
  for (const Certificate& c : certificates(two_post_norm_layers())) {
    const bool key_bias = c.name.ends_with("k_proj.bias");
    EXPECT_EQ(c.zeros, key_bias ? c.value.size() : 0) << c.name;
    EXPECT_LT(c.largest_zero, End("1e-100")) << c.name;
  }
}

// Without eps a constant row has no layer norm: d = 1 makes every row constant.
TEST(Truth, AValueThatDoesNotExistIsRefused) {
  const Json json =
      parse_json(R"({"preset": "post_norm", "d": 1, "norm": {"kind": "layer_norm", "eps": 0}})", "test");
  EXPECT_THROW(certificates(case_from_json(json)), Error);
}

TEST(Truth, EveryPrintedDigitIsThatOfALongerEnclosure) {
  for (const Certificate& c : certificates(two_post_norm_layers())) {
    if (c.zeros > 0) continue;
    const Interval120& x = c.value(0, 0);
    const End printed(certified_digits(x, 40));
    EXPECT_LT(abs(printed - lower(x)), abs(printed) * End("1e-39")) << c.name;
  }
}

}  // namespace
}  // namespace plumbline
