#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "plumbline/cases/truth.hpp"
#include "plumbline/number/digits.hpp"

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

std::string why_refused(const BlockSpec& spec, const CaseInputs& in) {
  try {
    certificates(spec, in, 1);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

CaseInputs norm_inputs(Matrix<double> x) {
  const Matrix<double> ones = Matrix<double>::Ones(x.rows(), x.cols());
  return {.x = std::move(x), .parameters = {}, .cotangent = ones};
}

BlockSpec bare_norm(NormKind kind, double eps) {
  BlockSpec s;
  s.part = Part::norm;
  s.d = 3;
  s.norm_slots.attn.in = NormSpec{.kind = kind, .eps = eps, .gain = false, .bias = false};
  return s;
}

constexpr auto no_value =
    ": may have no value: the root of a number below 0 or a division by 0 is not excluded";

TEST(Truth, ANormAtEps0OfARowWithoutSpreadIsRefused) {
  Matrix<double> x(2, 3);
  for (double c : {0.0, -0.0, 0x1p-1074, 0.1, 0x1p1000}) {
    x << 1, 2, 4, c, c, c;
    EXPECT_EQ(why_refused(bare_norm(NormKind::layer_norm, 0), norm_inputs(x)),
              std::string("y[1, 0]") + no_value);
    EXPECT_EQ(why_refused(bare_norm(NormKind::layer_norm, 1e-5), norm_inputs(x)), "");
    if (c != 0) {
      EXPECT_EQ(why_refused(bare_norm(NormKind::rms_norm, 0), norm_inputs(x)), "");
    }
  }
  x.row(1).setConstant(-0.0);
  EXPECT_EQ(why_refused(bare_norm(NormKind::rms_norm, 0), norm_inputs(x)), std::string("y[1, 0]") + no_value);
}

TEST(Truth, WhatIsNoNumberIsRefused) {
  for (double c : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                   -std::numeric_limits<double>::infinity()}) {
    Matrix<double> x(2, 3);
    x << 1, 2, 4, 1, c, 4;
    EXPECT_EQ(why_refused(bare_norm(NormKind::rms_norm, 1e-5), norm_inputs(x)),
              "y[1, 0]: computed from what is no number (NaN or infinity)");
  }
}

TEST(Truth, YIsProvedWhereOnlyAGradientIsNot) {
  const BlockSpec spec = bare_norm(NormKind::layer_norm, 1e-5);
  CaseInputs in = norm_inputs(Matrix<double>::Identity(2, 3));
  in.cotangent(1, 0) = std::numeric_limits<double>::infinity();
  const std::vector<Certificate> proved = what_is_proved(spec, in, 1);
  EXPECT_EQ(proved[0].why_not, "");
  EXPECT_EQ(proved[1].why_not, "grad.x[1, 0]: computed from what is no number (NaN or infinity)");
  EXPECT_EQ(why_refused(spec, in), proved[1].why_not);
}

TEST(Truth, WithoutACotangentItIsThatOfY) {
  CaseInputs in = inputs_of(two_post_norm_layers());
  in.cotangent.resize(0, 0);
  const auto proved = what_is_proved(two_post_norm_layers().spec, in, 1);
  ASSERT_EQ(proved.size(), 1u);
  EXPECT_LT(proved[0].width60, End("1e-40"));
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
