// Whether an error of one tensor is like those of members: its largest entry and its mean square, each entry
// in units of what members show there.
#pragma once

#include "plumbline/algebra/matrix.hpp"
#include "plumbline/io/dtype.hpp"
#include "plumbline/naming/slip.hpp"

namespace plumbline {

class Likeness {
 public:
  static constexpr int members = 24;  // errors are expected of so many

  // Errors of one tensor; `value`: what it is without one. Throws Error where one of them is not finite.
  Likeness(const Matrix<double>& value, const std::vector<const Matrix<double>*>& errors, Dtype storage);

  // A bound on how often a member errs so.
  double p(const Matrix<double>& error, double guard) const;
  const Matrix<double>& sigma() const { return sigma_; }

 private:
  struct Statistics {
    double largest, energy;  // logarithms
  };
  Statistics statistics(const Matrix<double>& error) const;

  Matrix<double> sigma_;  // 0 where every member is exact, or nearly so
  double largest_error_ = 0;
  std::vector<Statistics> usual_;
};

}  // namespace plumbline
