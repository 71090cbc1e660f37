// Training's float arithmetic: how near to the exact functions, and that its sums are those of plain loops.
#include "plumbline/depth/repeatable.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plumbline/cases/drawing.hpp"

namespace plumbline {
namespace {

using M = Matrix<float>;

double ulps(float found, double expected) {
  const double unit = std::ldexp(1.0, std::ilogb(expected) - 23);
  return std::abs(double(found) - expected) / unit;
}

TEST(Repeatable, FunctionsAreWithinTheirBounds) {
  Draw draw(1);
  for (int i = 0; i < 200000; ++i) {
    const float x = float(draw.uniform() * 174 - 87), small = float(draw.uniform() * 20 - 10);
    EXPECT_LE(ulps(repeatable::exp(x), std::exp(double(x))), 2) << x;
    EXPECT_LE(ulps(repeatable::tanh(small), std::tanh(double(small))), 8) << small;
    const double positive = std::ldexp(draw.uniform() + 0x1p-60, draw.whole(-300, 300));
    const double log = std::log(positive);
    EXPECT_LE(std::abs(repeatable::log(positive) - log), 4 * 0x1p-52 * std::max(std::abs(log), 0x1p-52))
        << positive;
  }
}

TEST(Repeatable, EndsOfTheRange) {
  EXPECT_EQ(repeatable::exp(0), 1);
  EXPECT_EQ(repeatable::exp(-200), 0);
  EXPECT_EQ(repeatable::exp(-std::numeric_limits<float>::infinity()), 0);
  EXPECT_EQ(repeatable::exp(200), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(repeatable::exp(std::nanf(""))));
  EXPECT_EQ(repeatable::tanh(50), 1);
  EXPECT_EQ(repeatable::tanh(-50), -1);
}

// The same bits as without vectors, whatever the shape.
TEST(Repeatable, SumsHaveTheirOrder) {
  const Repeatable a;
  Draw draw(2);
  for (const auto& [n, k, m] : {std::tuple(1, 1, 1), {3, 5, 7}, {4, 64, 16}, {9, 33, 25}, {66, 17, 40}}) {
    const M x = cast<float>(draw.matrix(n, k)), y = cast<float>(draw.matrix(k, m));
    M product = M::Zero(n, m);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j)
        for (int l = 0; l < k; ++l) product(i, j) += x(i, l) * y(l, j);
    EXPECT_EQ(a.matmul(x, y), product);
    EXPECT_EQ(a.matmul_by_transpose(x, y.transpose()), product);
    EXPECT_EQ(a.matmul_of_transpose(x.transpose(), y), product);
    const M sums = a.row_sum(x);
    for (int i = 0; i < n; ++i) {
      float part[8] = {};
      for (int j = 0; j < k; ++j) part[j % 8] += x(i, j);
      EXPECT_EQ(sums(i, 0),
                ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7])));
    }
  }
}

TEST(Repeatable, SaysWhatItHasNot) {
  const Repeatable a;
  EXPECT_THROW(a.activation(Activation::gelu_erf, 0, M::Zero(1, 1)), Error);
  EXPECT_THROW(a.rotate(M::Zero(1, 2), {}), Error);
}

}  // namespace
}  // namespace plumbline
