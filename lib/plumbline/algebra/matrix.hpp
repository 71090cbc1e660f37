// What every algebra of numbers stores: dense matrices, row by row.
#pragma once

#include <Eigen/Core>

namespace plumbline {

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Entry by entry, exactly (every supported scalar holds at least the values of double, but for float, which
// rounds).
template <class To, class From>
Matrix<To> cast(const Matrix<From>& x) {
  Matrix<To> y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = static_cast<To>(x.data()[i]);
  return y;
}

}  // namespace plumbline
