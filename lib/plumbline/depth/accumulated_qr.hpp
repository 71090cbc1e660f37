// The singular values of a long product of matrices, of which the product itself keeps none but the largest.
#pragma once

#include <vector>

#include "plumbline/number/matrix.hpp"

namespace plumbline {

// A product P = M_L ... M_1 of matrices, m x m but for the first, which may be m x n, held as Q R: Q has
// orthonormal columns, and R is the product of the triangles R_L ... R_1 of the decompositions M_l Q_(l-1) =
// Q_l R_l. The rows of R soon fall off as the singular values do, and a product of triangles keeps the
// relative accuracy of each row, where the entries of P itself drown in the rounding of the largest.
class AccumulatedQr {
 public:
  // The product of no matrices, I.
  explicit AccumulatedQr(int n);
  // Q, m x n; its columns are what the next matrix is to be applied to.
  const Matrix<double>& basis() const { return q_; }
  // P <- M P, where M_times_basis is M Q, m x n, m >= n.
  void multiply(const Matrix<double>& m_times_basis);

  // log10 of the singular values of P, descending.
  //   formula: one-sided Jacobi rotations of the rows of R (Hestenes 1958)
  //   error: relative, some 1e-12 times the condition of the factors and not of P, as long as the rows fall
  //   off
  //     (Demmel and Veselic 1992); a value below 1e-150 comes out as 1e-300
  std::vector<double> log10_singular_values() const;

  // log10 of the products of the diagonal entries |R_ii|, descending: the same without a rotation, and
  // without a limit of range.
  //   bound: the sums of the k largest are at most those of the singular values, and equal for k = n (Weyl
  //     1949). As L grows the two differ by less and less of their size: both tend to L times the Lyapunov
  //     exponents (Oseledets 1968). At any L they are apart by what the rows of R are from orthogonal, a
  //     factor up to about the square root of n.
  std::vector<double> log10_diagonal() const;

 private:
  Matrix<double> q_, r_;
  std::vector<double> log10_r_;
};

}  // namespace plumbline
