// Linear algebra that proves what it says, in enclosures: definiteness, norms from above, singular values
// from below, determinants.
#pragma once

#include "properties/residual.hpp"

namespace plumbline::properties {

// The middle of each entry: a matrix of points near the enclosed one.
Matrix<I> points(const Matrix<I>& a);

// True only where every symmetric matrix in S is positive definite: all pivots of its Cholesky factorisation
// are. S [n,n]
bool is_positive_definite(Matrix<I> s);

// ln |det A| by elimination with pivoting; unbounded where A may be singular.
I log_abs_det(Matrix<I> a);

// |A|_2 <= min(sqrt(|A|_1 |A|_inf), |A|_F), rounded up.
I norm_bound(const Matrix<I>& a);

// Between the largest eigenvalue of the symmetric S and 2^-12 of its width above: bisection, each step
// proved by a Cholesky factorisation of c I - S.
I largest_eigenvalue_bound(const Matrix<I>& s);

// sigma_min(A) >= (1 - |I - R A|) / |R| for any R; R is an approximate inverse. Rounded down.
I smallest_singular_value_bound(const Matrix<I>& a);

// A = Q R by Gram-Schmidt, R upper triangular with a positive diagonal. A [n,m], Q [n,m], R [m,m]
struct Qr {
  Matrix<I> q, r;
};
Qr qr(const Matrix<I>& a);

// sum_l ln |det J_l| of a chain (first factor first): ln |r_ii| summed along Q_l R_l = J_l Q_{l-1}, where
// each Q is rounded to points and its own determinant taken off again. The product is never formed.
I log_abs_det_of_chain(const std::vector<Matrix<I>>& factors);

}  // namespace plumbline::properties
