// Balls: a tensor is a matrix of balls, their doubles and radii in matrices of their own, so that OpenBLAS
// multiplies them. The block in this algebra is certified at some times the price of its values.
#pragma once

#include <vector>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/number/ball.hpp"

namespace plumbline {

// |x - mid - low| <= rad, entry by entry; where `rad` is empty, so is `low`: points in double, as inputs and
// weights are.
struct BallMatrix {
  Matrix<double> mid, low = {}, rad = {};

  // Whether all are points; the ball at an index, row by row, or at a row and a column.
  bool is_exact() const { return rad.size() == 0; }
  Ball at(Eigen::Index i) const {
    return is_exact() ? Ball(mid.data()[i]) : Ball(mid.data()[i], low.data()[i], rad.data()[i]);
  }
  Ball at(Eigen::Index row, Eigen::Index col) const { return at(row * mid.cols() + col); }
};

// The operations of Algebra (operations.hpp): every ball holds the values of all points of its operands.
//   bound: of products of matrices, algebra/ball_product.hpp; of all else, number/ball.hpp
//   bad input: softmax_rows throws Error where a query sees no key
struct Balls : NumberAlgebra<Balls> {
  using Tensor = BallMatrix;
  static constexpr bool takes_out_means_twice() { return false; }  // see softmax_derivative.hpp

  // Products of matrices are split into so many exact parts (ball_product.hpp): one leaves 16 bits certain,
  // two a float32, three a gradient too; they and functions run on so many threads. Throws Error where this
  // thread does not round to nearest, which those threads then do as it does.
  explicit Balls(int threads = 1, int exact_parts = 2) : threads(threads), exact_parts(exact_parts) {
    require_rounding_to_nearest();
  }

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
  Tensor zeros(int rows, int cols) const { return {Matrix<double>::Zero(rows, cols)}; }
  std::vector<int> whole(const Tensor& x) const;

  // Adds g to the part of `sum` that begins at (row, col).
  void accumulate(Tensor& sum, const Tensor& g, int row, int col) const;

 private:
  int threads, exact_parts;
};

static_assert(TapedAlgebra<Balls>);

}  // namespace plumbline
