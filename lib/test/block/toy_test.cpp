// The founding toy example: x = [4, 2, 0], constant edits [0.2, -0.1, 0] and [0.1, 0.2, -0.1], in both
// layouts. A sublayer whose weights are 0 writes its output bias: that makes the edits constants. The
// expected digits are independent of this library (mpmath, 50 digits).
#include <gtest/gtest.h>

#include "plumbline/number/interval.hpp"
#include "plumbline/spec/presets.hpp"
#include "random_case.hpp"

namespace plumbline {
namespace {

BlockSpec toy_spec(const char* layout, double eps) {
  BlockSpec s = find_preset("pre_norm").make({.d = 3, .n_heads = 1, .d_ff = 3});
  s = with_layout(s, layout, NormSpec{.eps = eps, .gain = false, .bias = false});
  s.final_norm.reset();
  return s;
}

template <class S>
Matrix<S> tenths(int a, int b, int c) {
  Matrix<S> x(1, 3);
  x << S(a) / S(10), S(b) / S(10), S(c) / S(10);
  return x;
}

template <class S>
std::vector<Matrix<S>> toy_stream(const char* layout, double eps) {
  const BlockSpec spec = toy_spec(layout, eps);
  Parameters<S> p;
  for (const ParameterShape& s : parameter_shapes(spec))
    p[s.name] = Matrix<S>::Constant(s.rows, s.cols, S(0));
  p["layers.0.attn.o_proj.bias"] = tenths<S>(2, -1, 0);
  p["layers.0.ffn.down_proj.bias"] = tenths<S>(1, 2, -1);
  return evaluate_stream(spec, p, tenths<S>(40, 20, 0));
}

// Asserts that the enclosure, rounded to 30 digits, is the text.
void expect_digits(const Interval60& found, const std::string& expected) {
  EXPECT_EQ(lower(found).str(30), expected);
  EXPECT_EQ(upper(found).str(30), expected);
}

void expect_row(const Matrix<Interval60>& found, const char* a, const char* b, const char* c) {
  expect_digits(found(0, 0), a);
  expect_digits(found(0, 1), b);
  expect_digits(found(0, 2), c);
}

TEST(Toy, PreNormAddsTheEditsToTheUntouchedStream) {
  const auto stream = toy_stream<Interval60>("pre_norm", 1e-5);
  expect_row(stream[0], "4.2", "1.9", "0");
  expect_row(stream[1], "4.3", "2.1", "-0.1");
}

TEST(Toy, PostNormNormalizesAfterEachAddWithoutEps) {
  const auto stream = toy_stream<Interval60>("post_norm", 0);
  expect_row(stream[0], "1.26171973881753092260726278551", "-0.0776442916195403644681392483393",
             "-1.18407544719799055813912353718");
  expect_row(stream[1], "1.19817031926029943304205378149", "0.0515229517032043937866934439393",
             "-1.24969327096350382682874722543");
}

TEST(Toy, ChainsOfTheFoundingTextAreExact) {
  const auto power = [](int percent, int n) {
    Mp100 y = 1;
    for (int i = 0; i < n; ++i) y *= percent;
    for (int i = 0; i < n; ++i) y /= 100;
    return y.str(24);
  };
  EXPECT_EQ(power(105, 12), "1.79585632602212915039062");  // ...0390625: 25 digits, a tie rounded to even
  EXPECT_EQ(power(84, 12), "0.123410307017276135571456");
}

}  // namespace
}  // namespace plumbline
