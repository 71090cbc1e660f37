// OpenBLAS's product of matrices that lie in memory of whoever calls.
#pragma once

namespace plumbline {

// A matrix of doubles, its rows `stride` numbers apart; or that one transposed.
struct MatrixAt {
  const double* data;
  int stride;
  bool is_transposed = false;
};

// z = x y, or z += x y, which rounds each entry once more, on one thread.
//   shapes: [n,k] [k,m] -> [n,m], z's rows `stride` apart
//   error: product.hpp
void multiply(const MatrixAt& x, const MatrixAt& y, int n, int m, int k, double* z, int stride, bool adds);

}  // namespace plumbline
