#include "plumbline/judge/statistics.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>

namespace plumbline {
namespace {

namespace math = boost::math;
constexpr double infinity = std::numeric_limits<double>::infinity();
// Long double would take several times as long.
using InDouble = math::policies::policy<math::policies::promote_double<false>>;
using Normal = math::normal_distribution<double, InDouble>;
using StudentsT = math::students_t_distribution<double, InDouble>;

// The y with trigamma(y) = x > 0, by Newton's iteration on 1 / trigamma: convex and almost linear.
double inverse_trigamma(double x) {
  if (x > 1e7) return 1 / std::sqrt(x);
  if (x < 1e-6) return 1 / x;
  double y = 0.5 + 1 / x;
  for (int i = 0; i < 50; ++i) {
    const double value = math::trigamma(y, InDouble());
    const double slope = math::polygamma(2, y, InDouble());
    const double step = value * (1 - value / x) / slope;
    y += step;
    if (-step < 1e-10 * y) break;
  }
  return y;
}

}  // namespace

double t_tail(double x, double dof) {
  if (std::isnan(x)) return 0;
  if (std::isinf(x)) return x > 0 ? 0 : 1;
  if (std::isinf(dof)) return math::cdf(math::complement(Normal(), x));
  return math::cdf(math::complement(StudentsT(dof), x));
}

double t_quantile_of_tail(double p, double dof) {
  if (p >= 1) return -infinity;
  if (std::isinf(dof)) return math::quantile(math::complement(Normal(), p));
  return math::quantile(math::complement(StudentsT(dof), p));
}

double independent_count(const Matrix<double>& products, double n) {
  double sum = 0;
  int pairs = 0;
  for (Eigen::Index k = 0; k < products.rows(); ++k)
    for (Eigen::Index l = 0; l < k; ++l) {
      const double sizes = products(k, k) * products(l, l);
      if (!(sizes > 0) || std::isinf(sizes)) continue;
      sum += products(k, l) * products(k, l) / sizes;
      ++pairs;
    }
  if (pairs == 0) return 1;
  return sum * n <= pairs ? n : std::max(1.0, pairs / sum);
}

double tail_inflation(double largest, double count, double dof) {
  return std::max(1.0, largest / t_quantile_of_tail(1 / (2 * count), dof));
}

Moderated moderated(std::span<const double> mean_squares, std::span<const double> priors, int count) {
  const double half = count / 2.0;
  double sum = 0, squares = 0;
  int n = 0;
  for (std::size_t i = 0; i < mean_squares.size(); ++i) {
    if (mean_squares[i] <= 0 || priors[i] <= 0) continue;
    const double r = std::log(mean_squares[i] / priors[i]);
    sum += r;
    squares += r * r;
    ++n;
  }
  Moderated out{{mean_squares.begin(), mean_squares.end()}, double(count)};
  if (n < 2) return out;
  const double mean = sum / n, spread = (squares - n * mean * mean) / (n - 1);
  const double excess = spread - math::trigamma(half, InDouble());
  const double scale = std::exp(mean - math::digamma(half, InDouble()) + std::log(half));
  const double d0 = excess <= 0 ? infinity : 2 * inverse_trigamma(excess);
  for (std::size_t i = 0; i < out.variance.size(); ++i)
    out.variance[i] = std::isinf(d0) ? scale * priors[i]
                                     : (d0 * scale * priors[i] + count * mean_squares[i]) / (d0 + count);
  out.dof = count + d0;
  return out;
}

}  // namespace plumbline
