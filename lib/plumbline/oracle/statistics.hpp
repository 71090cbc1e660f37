// The statistics that calibration needs: Student's t and variances that borrow strength from their family.
#pragma once

#include <span>
#include <vector>

namespace plumbline {

// Pr[t > x] of Student's t with `dof` degrees of freedom (infinity: the normal distribution); x of any sign.
// Its relative error is at most tail_error: that much of the false alarms, which nobody could count.
inline constexpr double tail_error = 0x1p-30;
double t_tail(double x, double dof);
// The x with t_tail(x, dof) = p (1 + e), |e| <= quantile_error, for 0 < p < 1.
inline constexpr double quantile_error = 0x1p-26;
double t_quantile_of_tail(double p, double dof);

// Variances of a family, each measured as the mean of `count` squares of mean zero, each expected to be
// proportional to its prior (positive). Moderated (Smyth 2004, doi 10.2202/1544-6115.1027):
//   (d0 m p_i + count s_i^2) / (d0 + count),   dof = count + d0,
// with d0 and m from the spread and the mean of log(s_i^2 / p_i). Measurements of 0 do not take part in the
// estimate of d0 and m.
struct Moderated {
  std::vector<double> variance;
  double dof = 0;  // may be infinity
};
Moderated moderated(std::span<const double> mean_squares, std::span<const double> priors, int count);

}  // namespace plumbline
