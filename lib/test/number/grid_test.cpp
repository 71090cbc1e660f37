#include "plumbline/number/grid.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace plumbline {
namespace {

TEST(Grid, NearestIsWhatTheProcessorDoesInFloat32) {
  const Grid<double> grid(Dtype::f32);
  std::uint64_t bits = 1;
  for (int i = 0; i < 10000; ++i) {
    bits = mixed(bits);
    const double x = std::ldexp(centred_uniform(bits), int(bits % 280) - 140);  // subnormal numbers too
    EXPECT_EQ(grid.nearest(x), double(float(x))) << x;
  }
}

TEST(Grid, TheUnitIsTheDistanceBetweenNeighbours) {
  const Grid<double> grid(Dtype::f32);
  const Grid<long double> wide(Dtype::f64);
  for (double x : {1.0, 1.5, -3.0, 0x1p-130, 0x1.8p102}) {
    const float up = std::nextafter(float(std::abs(x)), INFINITY);
    EXPECT_EQ(grid.unit(x), double(up) - std::abs(x));
    EXPECT_EQ(double(wide.unit(x)), std::nextafter(std::abs(x), double(INFINITY)) - std::abs(x));
  }
}

TEST(Grid, TruncationMovesAllNumbersToOneSide) {
  const Grid<double> tf32(Dtype::f32, 11), cut(Dtype::f32, 11, Rounding::to_nearest);
  double squares = 0;
  const int n = 40000;
  for (int i = 0; i < n; ++i) {
    const double x = (i % 2 ? -1 : 1) * (1 + (i + 0.5) / n);
    for (int side : {1, -1}) {
      const double e = (tf32.truncated(x, side, 5) - x) / tf32.unit(x);
      EXPECT_LE(std::abs(e), 1);
      EXPECT_LE(e * side * x, 0) << x;
      if (side == 1) squares += e * e;
    }
    EXPECT_EQ(cut.truncated(x, 1, 5), std::trunc(x * 1024) / 1024);
  }
  EXPECT_LT(std::abs(squares / n - 1.0 / 3), 6 * std::sqrt(4.0 / 45 / 1025));
  EXPECT_EQ(tf32.truncated(1.5, 1, 5), 1.5);
}

TEST(Grid, ShiftedRoundingHasTheVarianceOfRounding) {
  const Grid<double> grid(Dtype::bf16);
  double sum = 0, squares = 0;
  const int n = 40000;
  for (int i = 0; i < n; ++i) {
    const double x = 1 + (i + 0.5) / n, e = (grid.rounded(x, 5) - x) / grid.unit(x);
    EXPECT_LE(std::abs(e), 0.5);
    sum += e;
    squares += e * e;
  }
  // the hash is drawn per number of the grid, of which 129 lie in [1, 2]: 6 standard errors of each
  EXPECT_LT(std::abs(sum / n), 6 * std::sqrt(1.0 / 12 / 129));
  EXPECT_LT(std::abs(squares / n - 1.0 / 12), 6 * std::sqrt(1.0 / 180 / 129));
}

// A quarter of a unit apart in half of the cells: exact in double, so the difference is too.
TEST(Grid, DisplacementHasTheVarianceOfRoundingAndKeepsDifferences) {
  const Grid<double> grid(Dtype::bf16);
  double squares = 0;
  const int n = 128;
  for (int i = 0; i < n; ++i) {
    const double x = 1 + (i + 0.125) * 0x1p-7, e = grid.displaced(x, 5) - x;
    EXPECT_EQ(grid.displaced(x + 0x1p-9, 5) - (x + 0x1p-9), e) << x;
    EXPECT_LE(std::abs(e), grid.unit(x) / 2);
    squares += e * e / (grid.unit(x) * grid.unit(x));
  }
  EXPECT_LT(std::abs(squares / n - 1.0 / 12), 6 * std::sqrt(1.0 / 180 / n));
  EXPECT_EQ(grid.displaced(1.5, 5), 1.5);
}

TEST(Grid, ATieGoesHalfAUnitEitherWay) {
  const Grid<double> grid(Dtype::bf16);
  const double tie = 1 + 0x1p-8;
  int up = 0;
  for (std::uint64_t salt = 0; salt < 100; ++salt) {
    const double y = grid.rounded(tie, salt);
    EXPECT_EQ(std::abs(y - tie), 0x1p-8);
    up += y > tie;
  }
  EXPECT_GT(up, 0);
  EXPECT_LT(up, 100);
}

TEST(Grid, EqualNumbersErrEquallyAndOtherSaltsDiffer) {
  const Grid<double> grid(Dtype::bf16);
  EXPECT_EQ(grid.rounded(1.2345, 7), grid.rounded(1.2345, 7));
  EXPECT_NE(grid.rounded(1.2345, 7), grid.rounded(1.2345, 8));
  EXPECT_EQ(grid.rounded(0.0, 7), 0.0);
  EXPECT_EQ(grid.rounded(1.5, 7), 1.5);  // the format has it
}

TEST(Grid, Float16OverflowsAsItWould) {
  const Grid<double> grid(Dtype::f16);
  EXPECT_EQ(grid.nearest(65504), 65504);
  EXPECT_EQ(grid.nearest(-65520), -INFINITY);
  EXPECT_EQ(grid.rounded(7e4, 1), INFINITY);
}

// Four at a time, in one clone or the other, and what is left over.
template <class S>
void expect_many_are_rounded_like_one(Dtype dtype, Rounding rounding) {
  const Grid<S> grid(dtype, rounding);
  std::mt19937_64 bits(1);
  std::vector<S> x{0,      S(-0.0),  S(5e-324),     S(INFINITY),  S(-INFINITY),
                   S(NAN), S(65520), 1 + S(0x1p-8), 1 + S(0x1p-9)};
  for (int i = 0; i < 4000; ++i)
    x.push_back(std::ldexp(S(int(bits() % 65536) - 32768), int(bits() % 300) - 165));
  const std::uint64_t salt = 7, step = 0x9e3779b97f4a7c15;
  std::vector<S> y = x;
  grid.round(y.data(), std::ptrdiff_t(y.size()), salt, step);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const S expected = grid.rounded(x[i], salt + i * step);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(y[i])) << x[i];
    else
      EXPECT_EQ(y[i], expected) << x[i];
  }
}

TEST(Grid, ManyNumbersAreRoundedLikeOne) {
  for (const Rounding rounding : {Rounding::to_nearest, Rounding::shifted}) {
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32})
      expect_many_are_rounded_like_one<double>(dtype, rounding);
    expect_many_are_rounded_like_one<long double>(Dtype::f64, rounding);
  }
}

}  // namespace
}  // namespace plumbline
