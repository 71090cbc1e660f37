// Dual<A>: a tensor is a value and its tangent, both in A. Gives Jacobian-vector products.
#pragma once

#include <vector>

#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/softmax_derivative.hpp"

namespace plumbline {

// Forward derivatives over A: y = f(x) carries dy = J dx. A has the operations of Algebra (operations.hpp),
// and of the products with a transpose and accumulate those that are used.
//   bound: over enclosures, value and tangent are enclosures of the exact ones
template <class A>
struct Dual : AlgebraBase<Dual<A>> {
  using Inner = plumbline::Tensor<A>;
  struct Tensor {
    Inner value, tangent;
  };
  A inner;

  // As A does (moe.hpp, softmax_derivative.hpp).
  bool divides_shares_twice() const { return inner.divides_shares_twice(); }
  bool takes_out_means_twice() const { return inner.takes_out_means_twice(); }

  // What moves along `tangent`, which has the shape of the value; what does not move.
  Tensor variable(const Inner& value, const Inner& tangent) const { return {value, tangent}; }
  Tensor constant(const Inner& x) const { return {x, inner.zeros(inner.rows(x), inner.cols(x))}; }

  // The shape of x.
  int rows(const Tensor& x) const { return inner.rows(x.value); }
  int cols(const Tensor& x) const { return inner.cols(x.value); }

  // The operations of Algebra (operations.hpp), and x y^T, x^T y: values as A computes them; tangents by
  // linearity and (x y)' = x' y + x y'.
  Tensor matmul(const Tensor& x, const Tensor& y) const {
    return {inner.matmul(x.value, y.value),
            inner.add(inner.matmul(x.tangent, y.value), inner.matmul(x.value, y.tangent))};
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const {
    return {inner.matmul_by_transpose(x.value, y.value),
            inner.add(inner.matmul_by_transpose(x.tangent, y.value),
                      inner.matmul_by_transpose(x.value, y.tangent))};
  }
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) const {
    return {inner.matmul_of_transpose(x.value, y.value),
            inner.add(inner.matmul_of_transpose(x.tangent, y.value),
                      inner.matmul_of_transpose(x.value, y.tangent))};
  }
  Tensor transpose(const Tensor& x) const {
    return linear(x, [&](const Inner& v) { return inner.transpose(v); });
  }
  Tensor add(const Tensor& x, const Tensor& y) const {
    return {inner.add(x.value, y.value), inner.add(x.tangent, y.tangent)};
  }
  Tensor sub(const Tensor& x, const Tensor& y) const {
    return {inner.sub(x.value, y.value), inner.sub(x.tangent, y.tangent)};
  }
  Tensor mul(const Tensor& x, const Tensor& y) const {
    return {inner.mul(x.value, y.value),
            inner.add(inner.mul(x.tangent, y.value), inner.mul(x.value, y.tangent))};
  }
  Tensor scale(const Tensor& x, Exact c) const {
    return linear(x, [&](const Inner& v) { return inner.scale(v, c); });
  }
  Tensor add_scalar(const Tensor& x, Exact c) const { return {inner.add_scalar(x.value, c), x.tangent}; }
  Tensor add_row(const Tensor& x, const Tensor& r) const {
    return {inner.add_row(x.value, r.value), inner.add_row(x.tangent, r.tangent)};
  }
  Tensor mul_row(const Tensor& x, const Tensor& r) const {
    return {inner.mul_row(x.value, r.value),
            inner.add(inner.mul_row(x.tangent, r.value), inner.mul_row(x.value, r.tangent))};
  }
  Tensor sub_col(const Tensor& x, const Tensor& c) const {
    return {inner.sub_col(x.value, c.value), inner.sub_col(x.tangent, c.tangent)};
  }
  Tensor mul_col(const Tensor& x, const Tensor& c) const {
    return {inner.mul_col(x.value, c.value),
            inner.add(inner.mul_col(x.tangent, c.value), inner.mul_col(x.value, c.tangent))};
  }
  Tensor row_sum(const Tensor& x) const {
    return linear(x, [&](const Inner& v) { return inner.row_sum(v); });
  }
  Tensor col_sum(const Tensor& x) const {
    return linear(x, [&](const Inner& v) { return inner.col_sum(v); });
  }
  Tensor divide(const Tensor& x, int n) const {
    return linear(x, [&](const Inner& v) { return inner.divide(v, n); });
  }

  // The same of functions, y' = f'(x) x'. The n-th derivative of an activation, n = 0 or 1: A then gives the
  // next one. `above` and constants have tangent 0; accumulate adds to a part of both; store stores both.
  Tensor rsqrt(const Tensor& x) const {  // (x^-1/2)' = -1/2 (x^-1/2)^3
    const Inner r = inner.rsqrt(x.value);
    return chain(x, r, inner.scale(inner.mul(inner.mul(r, r), r), {-0.5}));
  }
  Tensor reciprocal(const Tensor& x) const {
    const Inner r = inner.reciprocal(x.value);
    return chain(x, r, inner.scale(inner.mul(r, r), {-1}));
  }
  Tensor exp(const Tensor& x) const {
    const Inner e = inner.exp(x.value);
    return chain(x, e, e);
  }
  Tensor tanh(const Tensor& x) const {
    const Inner t = inner.tanh(x.value);
    return chain(x, t, inner.add_scalar(inner.scale(inner.mul(t, t), {-1}), {1}));
  }
  Tensor maximum(const Tensor& x, Exact c) const {
    return chain(x, inner.maximum(x.value, c), inner.above(x.value, c));
  }
  Tensor above(const Tensor& x, Exact c) const { return constant(inner.above(x.value, c)); }
  Tensor activation(Activation f, int n, const Tensor& x) const {
    return chain(x, inner.activation(f, n, x.value), inner.activation(f, n + 1, x.value));
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const {
    const Inner p = inner.softmax_rows(x.value, mask);
    return {p, softmax_derivative(inner, p, x.tangent)};
  }
  Tensor rotate(const Tensor& x, const Rotation& r) const {
    return linear(x, [&](const Inner& v) { return inner.rotate(v, r); });
  }
  Tensor take_cols(const Tensor& x, int first, int count) const {
    return linear(x, [&](const Inner& v) { return inner.take_cols(v, first, count); });
  }
  Tensor take_rows(const Tensor& x, int first, int count) const {
    return linear(x, [&](const Inner& v) { return inner.take_rows(v, first, count); });
  }
  Tensor concat_cols(const std::vector<Tensor>& parts) const {
    return {inner.concat_cols(values(parts)), inner.concat_cols(tangents(parts))};
  }
  Tensor concat_rows(const std::vector<Tensor>& parts) const {
    return {inner.concat_rows(values(parts)), inner.concat_rows(tangents(parts))};
  }
  std::vector<int> whole(const Tensor& x) const { return inner.whole(x.value); }
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) const {
    return constant(inner.whole_numbers(rows, cols, entry));
  }
  Tensor zeros(int rows, int cols) const { return constant(inner.zeros(rows, cols)); }
  void accumulate(Tensor& sum, const Tensor& g, int row, int col) const {
    inner.accumulate(sum.value, g.value, row, col);
    inner.accumulate(sum.tangent, g.tangent, row, col);
  }
  Tensor detach(const Tensor& x) const { return constant(x.value); }
  decltype(auto) store(const Tensor& x, const Place& place) const {
    if constexpr (stores_as_is<A>)
      return (x);
    else
      return Tensor{inner.store(x.value, place), inner.store(x.tangent, place)};
  }
  template <class Body>
  Tensor component(Component, const char*, const Tensor&, Body body) const {
    return body();
  }

 private:
  Tensor chain(const Tensor& x, const Inner& y, const Inner& derivative) const {
    return {y, inner.mul(derivative, x.tangent)};
  }
  template <class G>
  Tensor linear(const Tensor& x, G g) const {
    return {g(x.value), g(x.tangent)};
  }
  static std::vector<Inner> values(const std::vector<Tensor>& parts) {
    std::vector<Inner> y;
    for (const Tensor& p : parts) y.push_back(p.value);
    return y;
  }
  static std::vector<Inner> tangents(const std::vector<Tensor>& parts) {
    std::vector<Inner> y;
    for (const Tensor& p : parts) y.push_back(p.tangent);
    return y;
  }
};

static_assert(Algebra<Dual<Plain<double>>>);

}  // namespace plumbline
