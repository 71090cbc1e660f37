// Whether an error of one tensor is like those of members: its largest entry and its mean square, each entry
// in units of what members show there.
#pragma once

#include "plumbline/naming/slip.hpp"
#include "plumbline/number/dtype.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// Half of the members set the scale of each entry, as Calibration does; the other half show how large the two
// statistics are. Made of one tensor.
class Likeness {
 public:
  static constexpr int members = 24;  // errors are expected of so many

  // Errors of one tensor, at least four; `value`: what it is without one; `storage`: the type that it is
  // stored in. Throws Error where one of them is not finite.
  Likeness(const Matrix<double>& value, const std::vector<const Matrix<double>*>& errors, Dtype storage);

  // How often a member errs so, or worse, as far as members show: the smaller p of the two statistics,
  // doubled, with Student's t for their logarithms. 0 for an error that is not finite, or beyond ten times
  // the largest of members where they have no scale. The error has the shape of the tensor.
  double p(const Matrix<double>& error, double guard) const;
  // The standard error of each entry.
  const Matrix<double>& sigma() const { return sigma_; }

 private:
  struct Statistics {
    double largest, mean_square;  // logarithms
  };
  Statistics statistics(const Matrix<double>& error) const;

  Matrix<double> sigma_;  // 0 where every member is exact, or nearly so
  double largest_error_ = 0;
  std::vector<Statistics> usual_;
};

}  // namespace plumbline
