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
