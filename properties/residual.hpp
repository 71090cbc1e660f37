// Residuals of identities in enclosures, and small helpers that laws are written with.
#pragma once

#include <rapidcheck.h>

#include "properties/subject.hpp"

namespace plumbline::properties {

// Every entry may be 0: the identity is not refuted. Each entry must be bounded, or nothing was shown.
inline bool vanishes(const Matrix<I>& residual) {
  for (Eigen::Index i = 0; i < residual.size(); ++i)
    if (!is_bounded(residual.data()[i]) || !contains_zero(residual.data()[i])) return false;
  return true;
}
inline bool vanishes(const I& residual) { return is_bounded(residual) && contains_zero(residual); }

inline Matrix<I> product(const Matrix<I>& x, const Matrix<I>& y) { return x.lazyProduct(y); }

inline I mean(const Matrix<I>& row) { return row.sum() / I(static_cast<int>(row.size())); }
inline I mean_square(const Matrix<I>& row) {
  return row.cwiseProduct(row).sum() / I(static_cast<int>(row.size()));
}
inline I variance(const Matrix<I>& row) {
  const Matrix<I> centred = (row.array() - mean(row)).matrix();
  return mean_square(centred);
}
inline I dot(const Matrix<I>& x, const Matrix<I>& y) { return x.cwiseProduct(y).sum(); }

// x with c_t added to every channel of row t.
inline Matrix<I> shifted(const Matrix<I>& x, const Matrix<I>& c) {
  Matrix<I> y = x;
  for (Eigen::Index t = 0; t < x.rows(); ++t)
    for (Eigen::Index j = 0; j < x.cols(); ++j) y(t, j) += c(t, 0);
  return y;
}

inline Matrix<I> identity(Eigen::Index n) {
  Matrix<I> y = Matrix<I>::Constant(n, n, I(0));
  for (Eigen::Index i = 0; i < n; ++i) y(i, i) = I(1);
  return y;
}

}  // namespace plumbline::properties
