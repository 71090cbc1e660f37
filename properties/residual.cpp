#include "properties/residual.hpp"

namespace plumbline::properties {

bool vanishes(const I& residual, const End& scale) {
  if (!is_bounded(residual) || !contains_zero(residual)) return false;
  const End w = abs(width(residual));  // MPFI gives a point the width -0
  open_ledger()->note_residual(scale > 0 ? End(w / scale) : w);
  return true;
}

bool vanishes(const Matrix<I>& residual, const End& scale) {
  for (Eigen::Index i = 0; i < residual.size(); ++i)
    if (!vanishes(residual.data()[i], scale)) return false;
  return true;
}

bool equal(const Matrix<I>& x, const Matrix<I>& y) {
  if (x.rows() != y.rows() || x.cols() != y.cols()) return false;
  return vanishes(Matrix<I>(x - y), std::max(largest_entry(x), largest_entry(y)));
}

bool equal(const I& x, const I& y) { return vanishes(I(x - y), std::max(magnitude(x), magnitude(y))); }

bool at_most(const I& x, const I& bound) {
  if (!is_bounded(x) || !is_bounded(bound) || !(lower(x) <= upper(bound))) return false;
  if (lower(x) > 0) open_ledger()->note_bound(End(plumbline::upper(bound) / plumbline::lower(x)));
  return true;
}

// One fixed order of summation, whatever the processor.
Matrix<I> product(const Matrix<I>& x, const Matrix<I>& y) {
  Matrix<I> z = filled(x.rows(), y.cols(), 0);
  for (Eigen::Index i = 0; i < z.rows(); ++i)
    for (Eigen::Index k = 0; k < x.cols(); ++k)
      for (Eigen::Index j = 0; j < z.cols(); ++j) z(i, j) += x(i, k) * y(k, j);
  return z;
}

I pow(const I& x, const I& y) { return exp(y * log(x)); }
I mean(const Matrix<I>& row) { return row.sum() / I(static_cast<int>(row.size())); }
I mean_square(const Matrix<I>& row) { return dot(row, row) / I(static_cast<int>(row.size())); }
I variance(const Matrix<I>& row) {
  const Matrix<I> centred = (row.array() - mean(row)).matrix();
  return mean_square(centred);
}

I dot(const Matrix<I>& x, const Matrix<I>& y) {
  I sum(0);
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += x.data()[i] * y.data()[i];
  return sum;
}

I frobenius(const Matrix<I>& x) {
  I sum(0);
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += square(x.data()[i]);  // a product may be negative
  return sqrt(sum);
}

End largest_entry(const Matrix<I>& x) {
  End largest = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) largest = std::max(largest, plumbline::magnitude(x.data()[i]));
  return largest;
}

Matrix<I> shifted(const Matrix<I>& x, const Matrix<I>& c) {
  Matrix<I> y = x;
  for (Eigen::Index t = 0; t < x.rows(); ++t)
    for (Eigen::Index j = 0; j < x.cols(); ++j) y(t, j) += c(t, 0);
  return y;
}

Matrix<I> identity(Eigen::Index n) {
  Matrix<I> y = filled(n, n, 0);
  for (Eigen::Index i = 0; i < n; ++i) y(i, i) = I(1);
  return y;
}

Matrix<I> filled(Eigen::Index rows, Eigen::Index cols, int value) {
  return Matrix<I>::Constant(rows, cols, I(value));
}

}  // namespace plumbline::properties
