// Rows of balls, vectors of them at a time, against ball by ball and against enclosures of 60 digits.
#include "plumbline/algebra/ball_rows.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "plumbline/algebra/ball_matrices.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {
namespace {

const std::vector<double> no_zeros;
BallRow row(const BallMatrix& x) { return row_at(x, 0, no_zeros); }

// Balls of all sizes, points, zeros, one of which nothing is known.
BallMatrix mixed_row(int n, double largest_exponent) {
  std::mt19937_64 random(21);
  std::uniform_real_distribution<double> mantissa(-2, 2), exponent(-60, largest_exponent),
      half(-0x1p-54, 0x1p-54);
  BallMatrix x = of_shape(1, n);
  for (int j = 0; j < n; ++j) {
    const double m = j % 7 == 0 ? 0 : mantissa(random) * std::exp2(exponent(random));
    const double radius = j % 3 == 0 ? 0 : std::exp2(-20 + exponent(random));
    put(x, j, j % 41 == 40 ? Ball::nothing() : Ball(m, j % 5 == 0 ? 0 : m * half(random), radius));
  }
  return x;
}

Ball by_itself(RowOperation op, const Ball& a, const Ball& b) {
  switch (op) {
    case RowOperation::add: return a + b;
    case RowOperation::subtract: return a - b;
    case RowOperation::multiply: return a * b;
    case RowOperation::divide: return a / b;
  }
  return Ball::nothing();
}

void expect_same(const Ball& a, const Ball& b, int j) {
  EXPECT_EQ(a.mid, b.mid) << j;
  EXPECT_EQ(a.low, b.low) << j;
  EXPECT_EQ(a.rad, b.rad) << j;
}

TEST(BallRows, AreTheOperatorsBallByBall) {
  const int n = 203;
  const BallMatrix a = mixed_row(n, 900);
  BallMatrix b = mixed_row(n, 300);
  for (Matrix<double>* m : {&b.mid, &b.low, &b.rad}) m->reverseInPlace();
  const Ball one(3, 0x1p-55, 0x1p-40);
  for (const RowOperation op :
       {RowOperation::add, RowOperation::subtract, RowOperation::multiply, RowOperation::divide}) {
    BallMatrix by_row = of_shape(1, n), by_ball = by_row, in_place = a;
    apply(op, row(a), row(b), n, row_at(by_row, 0));
    apply(op, row(a), one, n, row_at(by_ball, 0));
    apply(op, row(in_place), row(b), n, row_at(in_place, 0));
    for (int j = 0; j < n; ++j) {
      expect_same(by_row.at(j), by_itself(op, a.at(j), b.at(j)), j);
      expect_same(by_ball.at(j), by_itself(op, a.at(j), one), j);
      expect_same(in_place.at(j), by_row.at(j), j);
    }
  }
}

TEST(BallRows, SumHoldsTheSumOfAllPoints) {
  for (const int n : {1, 2, 3, 64, 203}) {
    BallMatrix x = mixed_row(n, 5);
    for (int j = 40; j < n; j += 41) put(x, j, Ball(1));
    Interval60 most(0), least(0);
    for (int j = 0; j < n; ++j) {
      most += Interval60(x.at(j).mid) + Interval60(x.at(j).low) + Interval60(x.at(j).rad);
      least += Interval60(x.at(j).mid) + Interval60(x.at(j).low) - Interval60(x.at(j).rad);
    }
    sum_in_place(row_at(x, 0), n);
    const Ball sum = x.at(0);
    const End middle = End(sum.mid) + End(sum.low);
    EXPECT_LE(lower(most), middle + sum.rad) << n;
    EXPECT_GE(upper(least), middle - sum.rad) << n;
  }
}

bool is_held(const Ball& b, const Interval60& value) {
  const End middle = End(b.mid) + End(b.low);
  return middle - End(b.rad) <= upper(value) && lower(value) <= middle + End(b.rad);
}

// At both ends of each ball and between; sharp at points. Beyond |x| = 700, and with radii above 1, rows go
// another way.
TEST(BallRows, FunctionsHoldTheValuesWithinEachBall) {
  using F = Function<Interval60>;
  const int n = 300;
  const BallMatrix x = mixed_row(n, 9.6);
  BallMatrix y = of_shape(1, n);
  const auto expect_held = [&](const char* name, const auto& exact) {
    int bounded = 0;
    for (int j = 0; j < n; ++j) {
      const Ball b = x.at(j), of_row = y.at(j);
      if (!of_row.is_bounded()) continue;
      ASSERT_TRUE(b.is_bounded()) << name;
      ++bounded;
      for (const double share : {-1.0, 0.3, 1.0}) {
        const Interval60 value =
            exact(Interval60(b.mid) + Interval60(b.low) + Interval60(share) * Interval60(b.rad));
        ASSERT_TRUE(is_held(of_row, value))
            << name << " " << j << ": " << b.mid << " + " << share << " " << b.rad;
      }
      if (b.rad == 0) {
        ASSERT_LE(of_row.rad, 0x1p-78 * std::max(std::abs(of_row.mid), std::abs(b.mid)) + 0x1p-88)
            << name << j;
      }
    }
    EXPECT_GT(bounded, n / 2) << name;
  };
  exp(row(x), n, row_at(y, 0));
  expect_held("exp", [](const Interval60& v) { return F::exp(v); });
  for (const Activation f : {Activation::silu, Activation::quick_gelu, Activation::gelu_tanh,
                             Activation::gelu_bloom, Activation::gelu_erf, Activation::relu})
    for (const int derivative : {0, 1}) {
      activation(f, derivative, row(x), n, row_at(y, 0));
      expect_held(std::string(name_of(f)).c_str(),
                  [&](const Interval60& v) { return F::activation(f, derivative, v); });
    }
}

}  // namespace
}  // namespace plumbline
