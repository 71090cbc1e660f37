// The statistics that calibration needs: Student's t, and variances that are moderated within their family.
#pragma once

#include <span>
#include <vector>

#include "plumbline/number/matrix.hpp"

namespace plumbline {

// Pr[t > x] of Student's t with `dof` degrees of freedom.
//   domain: x of any sign, infinite too; dof > 0, infinity for the normal distribution
//   error: relative, at most tail_error: that much of the false alarms, which nobody could count
//   bad input: 0 for an x that is NaN, so that what is no number is rejected
inline constexpr double tail_error = 0x1p-30;
double t_tail(double x, double dof);
// The x with Pr[t > x] = p.
//   domain: 0 < p < 1, dof > 0 or infinite
//   error: t_tail(x, dof) = p (1 + e), |e| <= quantile_error
//   bad input: -infinity for p >= 1
inline constexpr double quantile_error = 0x1p-26;
double t_quantile_of_tail(double p, double dof);

// How many independent numbers vary as n do that may be correlated: n, or 1 where all are multiples of one.
//   formula: of samples c_k of all n, with products P_kl = <c_k, c_l>, 1 over the mean squared cosine,
//     P_kl^2 / (P_kk P_ll) over k < l: (tr S)^2 / tr S^2, S their covariance, whatever a sample's size
//   shapes: products [K, K], of which the lower triangle is read
//   domain: samples of mean zero: what all have in common makes it smaller. A sample of 0 takes no part
//   bound: between 1 and n; 1 where fewer than two samples are left
//   source: tr S^2 from products of different samples, Chen and Qin 2010, doi 10.1214/09-AOS716
double independent_count(const Matrix<double>& products, double n);

// How far the tails of `count` values reach beyond Student's t: the largest size over that expected of so
// many, the quantile 1 - 1/(2 count) of t.
//   formula: max(1, largest / t(1 / (2 count), dof))
//   domain: count >= 1, dof > 0 or infinite
double tail_inflation(double largest, double count, double dof);

// Shared by all tests of errors.
//   no_scale: a tensor has no scale where its largest value is below this much of the largest error. A true 0
//     comes out of long double at 2^-40 of a float32's error; a value with errors of 2^16 times itself has
//     no digit left that an answer could show. Between the two there is room for sums of many terms
//   least_deviation: the log of a mean of n squares of independent normal numbers has the deviation
//     sqrt(2/n): no family is taken for more than 20,000 of them
//   far_beyond: where there is no scale, an error is called wrong beyond so many times the largest one of any
//     member or right answer. 3 would do for normal errors: one in 2e7 is beyond 3 times the largest of 48
//     others, one in 1e24 beyond ten times. Ten is chosen, for errors that most members do not make at all
inline constexpr double no_scale = 0x1p-16;
inline constexpr double least_deviation = 0.01;
inline constexpr double far_beyond = 10;

// Variances of a family, each measured as the mean of `count` squares of mean zero and expected to be
// proportional to its prior: a measurement is moved towards what the others say, the more, the less it is
// known by itself.
//   formula: (d0 m p_i + count s_i^2) / (d0 + count), dof = count + d0; with r_i = log(s_i^2 / p_i):
//     trigamma(d0/2) = var(r) - trigamma(count/2), d0 infinite where that is not positive;
//     m = exp(mean r - digamma(count/2) + log(count/2))
//   shapes: mean_squares, priors [n] -> variance [n]
//   domain: count > 0, mean squares and priors not below 0. What is 0 takes no part in d0 and m; with fewer
//     than two others nothing is moved
//   source: Smyth 2004, doi 10.2202/1544-6115.1027
struct Moderated {
  std::vector<double> variance;
  double dof = 0;  // may be infinity
};
Moderated moderated(std::span<const double> mean_squares, std::span<const double> priors, int count);

}  // namespace plumbline
