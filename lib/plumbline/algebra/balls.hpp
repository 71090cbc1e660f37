// Balls: a tensor is a matrix of balls, middles and radii apart, so that middles are multiplied by OpenBLAS. The block
// in this algebra is certified at little more than the price of its values.
#pragma once

#include <vector>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/number/ball.hpp"

namespace plumbline {

// |x - mid| <= rad, entry by entry; without radii all are points, as inputs and weights are.
struct BallMatrix {
  Matrix<double> mid, rad;

  bool is_exact() const { return rad.size() == 0; }
  Ball at(Eigen::Index i) const { return is_exact() ? Ball(mid.data()[i]) : Ball(mid.data()[i], rad.data()[i]); }
  Ball at(Eigen::Index row, Eigen::Index col) const { return at(row * mid.cols() + col); }
};

// The operations of Algebra (operations.hpp): every ball holds the values of all points of its operands.
//   bound: products of matrices by Cauchy and Schwarz. With a row x +- r, a column y +- s, n products, and
//     gamma = n u / (1 - n u), whatever the order of the sum and whether it is fused                (Higham 2002, 3.5):
//     |x y - mid| <= |x| (gamma |y| + |s|) + |r| (|y| + |s|) + n 2^-1074, in Euclidean norms: of order n^2, not n^3
//   bad input: softmax_rows throws Error where a query sees no key
struct Balls : AlgebraBase<Balls> {
  using Tensor = BallMatrix;
  static constexpr bool takes_out_means_twice() { return false; }  // see softmax_derivative.hpp
  int threads = 1;  // that a product of matrices may run on

  // The shape of x.
  int rows(const Tensor& x) const { return int(x.mid.rows()); }
  int cols(const Tensor& x) const { return int(x.mid.cols()); }

  // Products, sums and what is entry by entry.
  Tensor matmul(const Tensor& x, const Tensor& y) const;
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const;
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) const;
  Tensor transpose(const Tensor& x) const;
  Tensor add(const Tensor& x, const Tensor& y) const;
  Tensor sub(const Tensor& x, const Tensor& y) const;
  Tensor mul(const Tensor& x, const Tensor& y) const;
  Tensor scale(const Tensor& x, Exact c) const;
  Tensor add_scalar(const Tensor& x, Exact c) const;
  Tensor add_row(const Tensor& x, const Tensor& row) const;
  Tensor mul_row(const Tensor& x, const Tensor& row) const;
  Tensor sub_col(const Tensor& x, const Tensor& col) const;
  Tensor mul_col(const Tensor& x, const Tensor& col) const;
  Tensor row_sum(const Tensor& x) const;
  Tensor col_sum(const Tensor& x) const;
  Tensor divide(const Tensor& x, int n) const;

  // Functions of every entry; softmax and rotation row by row.
  Tensor rsqrt(const Tensor& x) const;
  Tensor reciprocal(const Tensor& x) const;
  Tensor exp(const Tensor& x) const;
  Tensor tanh(const Tensor& x) const;
  Tensor maximum(const Tensor& x, Exact c) const;
  Tensor above(const Tensor& x, Exact c) const;
  Tensor activation(Activation f, int derivative, const Tensor& x) const;
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const;
  Tensor rotate(const Tensor& x, const Rotation& rotation) const;

  // Entries moved, unchanged; constants of whole numbers.
  Tensor take_cols(const Tensor& x, int first, int count) const;
  Tensor take_rows(const Tensor& x, int first, int count) const;
  Tensor concat_cols(const std::vector<Tensor>& parts) const;
  Tensor concat_rows(const std::vector<Tensor>& parts) const;
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) const;
  Tensor zeros(int rows, int cols) const { return {Matrix<double>::Zero(rows, cols), {}}; }
  std::vector<int> whole(const Tensor& x) const;

  // Adds g to the part of `sum` that begins at (row, col).
  void accumulate(Tensor& sum, const Tensor& g, int row, int col) const;

  // x as it is, and what body() returns: numbers have no derivative and no name.
  Tensor detach(const Tensor& x) const { return x; }
  const Tensor& store(const Tensor& x, const Place&) const { return x; }
  template <class Body>
  Tensor component(Component, const char*, const Tensor&, Body body) const {
    return body();
  }
};

static_assert(TapedAlgebra<Balls>);

}  // namespace plumbline
