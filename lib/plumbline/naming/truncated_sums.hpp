// TruncatedSums<A>: A, whose sums hold fewer bits.
#pragma once

#include <bit>
#include <cstdint>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// A, whose products of matrices, where they are of plain numbers, are summed up term by term in so many bits;
// what these cannot hold is dropped. 0: as usual.
template <class A>
struct TruncatedSums : A {
  using T = plumbline::Tensor<A>;
  int bits = 0;

  // Sums of that many bits, at most 53, the leading one included.
  TruncatedSums(A algebra, int bits) : A(std::move(algebra)), bits(bits) {}

  // x y, x y^T, x^T y. What drops digits goes towards 0.
  T matmul(const T& x, const T& y) {
    if constexpr (std::is_same_v<T, Matrix<double>>)
      if (bits) return truncated(x, y);
    return A::matmul(x, y);
  }
  T matmul_by_transpose(const T& x, const T& y) {
    return bits ? matmul(x, A::transpose(y)) : A::matmul_by_transpose(x, y);
  }
  T matmul_of_transpose(const T& x, const T& y) {
    return bits ? matmul(A::transpose(x), y) : A::matmul_of_transpose(x, y);
  }

 private:
  Matrix<double> truncated(const Matrix<double>& x, const Matrix<double>& y) const {
    const std::uint64_t kept = ~((std::uint64_t(1) << (53 - bits)) - 1);
    Matrix<double> z = Matrix<double>::Zero(x.rows(), y.cols());
    for (Eigen::Index k = 0; k < x.cols(); ++k)
      for (Eigen::Index i = 0; i < z.rows(); ++i)
        for (Eigen::Index j = 0; j < z.cols(); ++j)
          z(i, j) = std::bit_cast<double>(std::bit_cast<std::uint64_t>(z(i, j) + x(i, k) * y(k, j)) & kept);
    return z;
  }
};

}  // namespace plumbline
