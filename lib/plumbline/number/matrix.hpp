// What every algebra of numbers stores: dense matrices, row by row.
#pragma once

#include <Eigen/Core>

namespace plumbline {

// A dense matrix of S whose rows lie one behind the other.
template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Entry by entry. From double it is exact in every supported scalar but float; to a type of fewer digits each
// entry is rounded to nearest.
template <class To, class From>
Matrix<To> cast(const Matrix<From>& x) {
  Matrix<To> y(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = static_cast<To>(x.data()[i]);
  return y;
}

}  // namespace plumbline
