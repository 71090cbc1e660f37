// Products of matrices that lie in memory of whoever calls.
#pragma once

#include <cstddef>

namespace plumbline {

// A matrix of doubles, its rows `stride` numbers apart; or that one transposed.
struct MatrixAt {
  const double* data;
  int stride;
  bool is_transposed = false;
};

// z = x y by OpenBLAS on one thread, or z += x y, which rounds each entry once more.
//   shapes: [n,k] [k,m] -> [n,m], z's rows `stride` apart
//   error: product.hpp
void multiply(const MatrixAt& x, const MatrixAt& y, int n, int m, int k, double* z, int stride, bool adds);

// z = x y^T, both as they lie in memory, row by row: for few rows of x. It reads y once, where OpenBLAS
// copies it first, which takes longer than to multiply.
//   shapes: [n,k] [m,k] -> [n,m], z's rows `stride` apart
//   error: product.hpp
void multiply_few_rows(const double* x, const double* y, int n, int m, int k, double* z, int stride);

}  // namespace plumbline
