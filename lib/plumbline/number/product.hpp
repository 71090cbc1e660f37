// Products of matrices of native numbers: by OpenBLAS where they are large enough, which picks the kernel
// that suits the processor when the program starts; by Eigen elsewhere.
#pragma once

#include "plumbline/number/matrix.hpp"

namespace plumbline {

// x y, x y^T and x^T y of S = float, double or long double. Nothing is transposed in memory.
//   shapes: [n,k] [k,m] -> [n,m], after the transposition; not checked
//   error: each entry is a sum of k products in an order of the library's choice, one rounding (or, fused
//   with its
//     product, less) for each: |error| <= k u sum |x||y| / (1 - k u)                (Higham 2002,
//     Accuracy, 3.5)
//   threads: safe to call from many at once; the rows or columns of the result are split among so many
//   threads
template <class S>
Matrix<S> product(const Matrix<S>& x, const Matrix<S>& y, int threads = 1);
template <class S>
Matrix<S> product_by_transpose(const Matrix<S>& x, const Matrix<S>& y, int threads = 1);
template <class S>
Matrix<S> product_of_transpose(const Matrix<S>& x, const Matrix<S>& y, int threads = 1);

}  // namespace plumbline
