// Plain<S>: a tensor is a matrix of numbers S. Over an interval type it is a matrix of enclosures: every
// operation returns a matrix that contains the exact result for all points of its operands.
#pragma once

#include <vector>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/number/function.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// The operations of Algebra (operations.hpp) in the arithmetic of S.
//   units: numbers of S
//   bound: over enclosures, each entry holds the exact one; over numbers, one rounding of S in each step
//   bad input: softmax_rows throws Error where a query sees no key; otherwise as Function<S> says
template <class S>
struct Plain : NumberAlgebra<Plain<S>> {
  using Scalar = S;
  using Tensor = Matrix<S>;
  using F = Function<S>;
  static constexpr bool takes_out_means_twice() { return !is_interval<S>; }  // see softmax_derivative.hpp

  // The shape of x.
  int rows(const Tensor& x) const { return static_cast<int>(x.rows()); }
  int cols(const Tensor& x) const { return static_cast<int>(x.cols()); }

  // Matrix products sum in an order of a library's choice for native numbers (product.hpp), and in one fixed
  // order for all others, whatever the processor.
  Tensor matmul(const Tensor& x, const Tensor& y) const;
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const;  // x y^T
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) const;  // x^T y
  Tensor transpose(const Tensor& x) const { return x.transpose(); }
  Tensor add(const Tensor& x, const Tensor& y) const { return x + y; }
  Tensor sub(const Tensor& x, const Tensor& y) const { return x - y; }
  Tensor mul(const Tensor& x, const Tensor& y) const { return x.cwiseProduct(y); }
  Tensor scale(const Tensor& x, Exact c) const { return x * F::value(c); }
  Tensor add_scalar(const Tensor& x, Exact c) const {
    const S value = F::value(c);
    return map(x, [&](const S& v) { return S(v + value); });
  }
  Tensor add_row(const Tensor& x, const Tensor& row) const {
    return by_entry(x, [&](int i, int j) { return S(x(i, j) + row(0, j)); });
  }
  Tensor mul_row(const Tensor& x, const Tensor& row) const {
    return by_entry(x, [&](int i, int j) { return S(x(i, j) * row(0, j)); });
  }
  Tensor sub_col(const Tensor& x, const Tensor& col) const {
    return by_entry(x, [&](int i, int j) { return S(x(i, j) - col(i, 0)); });
  }
  Tensor mul_col(const Tensor& x, const Tensor& col) const {
    return by_entry(x, [&](int i, int j) { return S(x(i, j) * col(i, 0)); });
  }
  Tensor row_sum(const Tensor& x) const { return x.rowwise().sum(); }
  Tensor col_sum(const Tensor& x) const { return x.colwise().sum(); }
  Tensor divide(const Tensor& x, int n) const {
    return map(x, [&](const S& v) { return S(v / S(n)); });
  }

  // Function<S> of every entry; softmax and rotation row by row.
  Tensor rsqrt(const Tensor& x) const { return map(x, F::rsqrt); }
  Tensor reciprocal(const Tensor& x) const {
    return map(x, [](const S& v) { return S(S(1) / v); });
  }
  Tensor exp(const Tensor& x) const { return map(x, F::exp); }
  Tensor tanh(const Tensor& x) const { return map(x, F::tanh); }
  Tensor maximum(const Tensor& x, Exact c) const {
    return map(x, [value = F::value(c)](const S& v) { return F::maximum(v, value); });
  }
  Tensor above(const Tensor& x, Exact c) const {
    return map(x, [value = F::value(c)](const S& v) { return F::above(v, value); });
  }
  Tensor activation(Activation f, int derivative, const Tensor& x) const {
    return map(x, [&](const S& v) { return F::activation(f, derivative, v); });
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const;
  Tensor rotate(const Tensor& x, const Rotation& rotation) const;

  // Entries moved, unchanged; constants of 0 and 1.
  Tensor take_cols(const Tensor& x, int first, int count) const { return x.middleCols(first, count); }
  Tensor take_rows(const Tensor& x, int first, int count) const { return x.middleRows(first, count); }
  Tensor concat_cols(const std::vector<Tensor>& parts) const;
  Tensor concat_rows(const std::vector<Tensor>& parts) const;
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) const {
    return by_entry(Tensor(rows, cols), [&](int i, int j) { return S(entry(i, j)); });
  }
  Tensor zeros(int rows, int cols) const { return Tensor::Constant(rows, cols, S(0)); }
  std::vector<int> whole(const Tensor& x) const;

  // Adds g to the part of `sum` that begins at (row, col).
  void accumulate(Tensor& sum, const Tensor& g, int row, int col) const {
    for (int i = 0; i < g.rows(); ++i)
      for (int j = 0; j < g.cols(); ++j) sum(row + i, col + j) += g(i, j);
  }

 private:
  static Turns<S> turns(const Rotation& rotation, int rows);
  static Tensor turned(const Tensor& x, const Rotation& rotation, const Turns<S>& turns);
  template <class G>
  static Tensor map(const Tensor& x, G g) {
    Tensor y(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = g(x.data()[i]);
    return y;
  }
  template <class G>
  static Tensor by_entry(const Tensor& shape, G g) {
    Tensor y(shape.rows(), shape.cols());
    for (int i = 0; i < y.rows(); ++i)
      for (int j = 0; j < y.cols(); ++j) y(i, j) = g(i, j);
    return y;
  }
};

static_assert(TapedAlgebra<Plain<double>>);

}  // namespace plumbline
