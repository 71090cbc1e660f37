#include "plumbline/oracle/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace plumbline {
namespace {

TEST(Statistics, TheTailOfTwoDegreesOfFreedomHasAClosedForm) {
  for (double x : {-3.0, 0.0, 0.5, 2.0, 100.0}) {
    const double exact = 0.5 - x / (2 * std::sqrt(2 + x * x));  // Pr[t_2 > x], cancels for large x
    EXPECT_NEAR(t_tail(x, 2), exact, 4e-16);
  }
  EXPECT_NEAR(t_tail(1, INFINITY), std::erfc(std::sqrt(0.5)) / 2, 4e-16);
}

TEST(Statistics, TheQuantileUndoesTheTail) {
  for (double dof : {3.0, 24.0, 1e4, double(INFINITY)})
    for (double p : {0.3, 1e-6, 1e-12}) EXPECT_NEAR(t_tail(t_quantile_of_tail(p, dof), dof) / p, 1, 1e-8);
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
  EXPECT_LT(b.dof, 1.1 * count);
  for (int i = 0; i < n; ++i) EXPECT_NEAR(a.variance[i], 1, 0.3);
}

TEST(Statistics, ModerationFollowsThePrior) {
  const std::vector<double> squares{1, 4, 16, 64}, priors{1, 4, 16, 64};
  const Moderated m = moderated(squares, priors, 24);
  for (int i = 1; i < 4; ++i) EXPECT_NEAR(m.variance[i] / m.variance[0], priors[i], 1e-12);
  EXPECT_TRUE(std::isinf(m.dof));
}

}  // namespace
}  // namespace plumbline
