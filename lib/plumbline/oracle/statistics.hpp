// The statistics that calibration needs: Student's t, and variances that are moderated within their family.
#pragma once

#include <span>
#include <vector>

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

// Variances of a family, each measured as the mean of `count` squares of mean zero and expected to be
// proportional to its prior: a measurement is moved towards what the others say, the more, the less it is
// known by itself.
//   formula: (d0 m p_i + count s_i^2) / (d0 + count), dof = count + d0; with r_i = log(s_i^2 / p_i):
//     trigamma(d0/2) = var(r) - trigamma(count/2), d0 infinite where that is not positive; m = exp(mean r -
//     digamma(count/2) + log(count/2))
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
