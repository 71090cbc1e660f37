#include "plumbline/judge/statistics.hpp"

#include <gtest/gtest.h>

#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <random>

#include "plumbline/number/scalars.hpp"

namespace plumbline {
namespace {

double relative_error(double found, const Mp50& exact) { return std::abs(double((found - exact) / exact)); }

TEST(Statistics, TheTailOfTwoDegreesOfFreedomHasAClosedForm) {
  for (double x : {-3.0, 0.0, 0.5, 2.0, 100.0, 1e8}) {
    const Mp50 v = x, exact = (1 - v / sqrt(2 + v * v)) / 2;
    EXPECT_LE(relative_error(t_tail(x, 2), exact), tail_error) << x;
  }
}

TEST(Statistics, TheTailOfInfinitelyManyIsTheNormalOne) {
  for (double x : {-3.0, 0.0, 1.0, 7.0, 30.0}) {
    const Mp50 exact = boost::math::erfc(Mp50(x) / sqrt(Mp50(2))) / 2;
    EXPECT_LE(relative_error(t_tail(x, INFINITY), exact), tail_error) << x;
  }
}

TEST(Statistics, TheQuantileUndoesTheTail) {
  for (double dof : {3.0, 24.0, 1e4, double(INFINITY)})
    for (double p : {0.3, 1e-6, 1e-12})
      EXPECT_LE(relative_error(t_tail(t_quantile_of_tail(p, dof), dof), p), quantile_error)
          << dof << ' ' << p;
}

// Variances of a family that differ by nothing but chance are pooled; those that differ are left alone.
// Samples, one in a row, of n independent normal numbers.
Matrix<double> samples(int count, int n) {
  std::mt19937_64 random(n);
  std::normal_distribution<double> normal;
  Matrix<double> out(count, n);
  for (double& x : out.reshaped()) x = normal(random);
  return out;
}

Matrix<double> products(const Matrix<double>& samples) { return samples * samples.transpose(); }

// The squared cosine of two of them is 1/n in the mean, with a variance of 2/n^2 at most, and no pair says
// anything of another: within six standard deviations of the mean of all pairs.
TEST(Statistics, NumbersThatAreIndependentAllCount) {
  constexpr int count = 48, pairs = count * (count - 1) / 2;
  for (int n : {2, 30, 1000}) {
    const double found = independent_count(products(samples(count, n)), 1e9);
    EXPECT_NEAR(n / found, 1, 6 * std::sqrt(2.0 / pairs)) << n;
  }
}

TEST(Statistics, NumbersThatAreMultiplesOfOneCountOnce) {
  const Matrix<double> one = samples(48, 1);
  EXPECT_DOUBLE_EQ(independent_count(products(one.replicate(1, 64)), 64), 1);
  const Matrix<double> some = samples(48, 7);
  EXPECT_DOUBLE_EQ(independent_count(products(some.replicate(1, 4)), 28),
                   independent_count(products(some), 28));
}

TEST(Statistics, ALargeSampleCountsAsASmallOne) {
  Matrix<double> some = samples(48, 7);
  const double before = independent_count(products(some), 7);
  some.row(3) *= 0x1p100;
  EXPECT_DOUBLE_EQ(independent_count(products(some), 7), before);
  Matrix<double> others(47, 7);
  others << some.topRows(3), some.bottomRows(44);
  some.row(3).setZero();
  EXPECT_DOUBLE_EQ(independent_count(products(some), 7), independent_count(products(others), 7));
}

TEST(Statistics, OfNothingOneCounts) {
  EXPECT_EQ(independent_count(Matrix<double>::Zero(48, 48), 9), 1);
  EXPECT_EQ(independent_count(Matrix<double>::Identity(48, 48), 9), 9);  // and no more than there are
}

TEST(Statistics, ModerationPoolsWhatIsAlike) {
  std::mt19937_64 bits(1);
  std::normal_distribution<double> normal;
  const int count = 24, n = 400;
  std::vector<double> alike(n), apart(n), ones(n, 1.0);
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < count; ++k) {
      const double z = normal(bits);
      alike[i] += z * z / count;
    }
    apart[i] = alike[i] * std::exp(3 * normal(bits));
  }
  const Moderated a = moderated(alike, ones, count), b = moderated(apart, ones, count);
  EXPECT_GT(a.dof, 10 * count);
  EXPECT_LT(b.dof, 2 * count);
  // The common scale is the mean of n logarithms of variance
  // trigamma(count / 2) <= 2 (1 + 2 / count) / count.
  const double five_sigma = 5 * std::sqrt(2.0 / count * (1 + 2.0 / count) / n);
  for (int i = 0; i < n; ++i) {
    const double scale = (a.variance[i] - count / a.dof * alike[i]) / (1 - count / a.dof);
    EXPECT_LE(std::abs(std::log(scale)), five_sigma);
  }
}

// Powers of two: the pooled scale times a prior is exact.
TEST(Statistics, ModerationFollowsThePrior) {
  const std::vector<double> squares{1, 4, 16, 64}, priors{1, 4, 16, 64};
  const Moderated m = moderated(squares, priors, 24);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(m.variance[i], priors[i] * m.variance[0]);
  EXPECT_TRUE(std::isinf(m.dof));
}

}  // namespace
}  // namespace plumbline
