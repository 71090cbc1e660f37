// Each<A>: a tensor is a list of tensors in A that all went through the same operations, or one that is the
// same for all of them. Many tangents of one value are so computed in one go, and what they share only once.
// Here and in the other algebras every operation is written out: what one of them means can be read where it
// stands, and one that is forgotten does not compile.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/softmax_derivative.hpp"
#include "plumbline/base/caches.hpp"

namespace plumbline {

// Lists over A, an algebra of exact numbers: its store and component are not asked. In one operation all
// lists have one length, or length 1; std::out_of_range otherwise.
template <class A>
struct Each : NumberAlgebra<Each<A>> {
  using Inner = plumbline::Tensor<A>;
  struct Tensor {
    std::vector<Inner> list;  // of length 1: the same for all

    // The k-th tensor, or the one that is the same for all; throws std::out_of_range beyond the list.
    const Inner& of(std::size_t k) const { return list.size() == 1 ? list.front() : list.at(k); }
  };
  A inner;

  // As A does (softmax_derivative.hpp).
  bool divides_shares_twice() const { return inner.divides_shares_twice(); }
  bool takes_out_means_twice() const { return inner.takes_out_means_twice(); }

  // The shape of each tensor in the list.
  int rows(const Tensor& x) const { return inner.rows(x.list.front()); }
  int cols(const Tensor& x) const { return inner.cols(x.list.front()); }

  // The operations of Algebra (operations.hpp), and x y^T, x^T y, for each tensor of the list; as many as the
  // longest operand has.
  Tensor matmul(const Tensor& x, const Tensor& y) const {
    return times([&](const Inner& u, const Inner& v) { return inner.matmul(u, v); }, x, y);
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const {
    return times([&](const Inner& u, const Inner& v) { return inner.matmul_by_transpose(u, v); }, x, y);
  }
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) const {
    return each([&](auto& u, auto& v) { return inner.matmul_of_transpose(u, v); }, x, y);
  }
  Tensor transpose(const Tensor& x) const {
    return each([&](auto& u) { return inner.transpose(u); }, x);
  }
  Tensor add(const Tensor& x, const Tensor& y) const {
    return each([&](auto& u, auto& v) { return inner.add(u, v); }, x, y);
  }
  Tensor sub(const Tensor& x, const Tensor& y) const {
    return each([&](auto& u, auto& v) { return inner.sub(u, v); }, x, y);
  }
  Tensor mul(const Tensor& x, const Tensor& y) const {
    return each([&](auto& u, auto& v) { return inner.mul(u, v); }, x, y);
  }
  Tensor scale(const Tensor& x, Exact c) const {
    return each([&](auto& u) { return inner.scale(u, c); }, x);
  }
  Tensor add_scalar(const Tensor& x, Exact c) const {
    return each([&](auto& u) { return inner.add_scalar(u, c); }, x);
  }
  Tensor add_row(const Tensor& x, const Tensor& row) const {
    return each([&](auto& u, auto& v) { return inner.add_row(u, v); }, x, row);
  }
  Tensor mul_row(const Tensor& x, const Tensor& row) const {
    return each([&](auto& u, auto& v) { return inner.mul_row(u, v); }, x, row);
  }
  Tensor sub_col(const Tensor& x, const Tensor& col) const {
    return each([&](auto& u, auto& v) { return inner.sub_col(u, v); }, x, col);
  }
  Tensor mul_col(const Tensor& x, const Tensor& col) const {
    return each([&](auto& u, auto& v) { return inner.mul_col(u, v); }, x, col);
  }
  Tensor row_sum(const Tensor& x) const {
    return each([&](auto& u) { return inner.row_sum(u); }, x);
  }
  Tensor col_sum(const Tensor& x) const {
    return each([&](auto& u) { return inner.col_sum(u); }, x);
  }
  Tensor divide(const Tensor& x, int n) const {
    return each([&](auto& u) { return inner.divide(u, n); }, x);
  }

  // The same of functions.
  Tensor rsqrt(const Tensor& x) const {
    return each([&](auto& u) { return inner.rsqrt(u); }, x);
  }
  Tensor reciprocal(const Tensor& x) const {
    return each([&](auto& u) { return inner.reciprocal(u); }, x);
  }
  Tensor exp(const Tensor& x) const {
    return each([&](auto& u) { return inner.exp(u); }, x);
  }
  Tensor tanh(const Tensor& x) const {
    return each([&](auto& u) { return inner.tanh(u); }, x);
  }
  Tensor maximum(const Tensor& x, Exact c) const {
    return each([&](auto& u) { return inner.maximum(u, c); }, x);
  }
  Tensor above(const Tensor& x, Exact c) const {
    return each([&](auto& u) { return inner.above(u, c); }, x);
  }
  Tensor activation(Activation f, int derivative, const Tensor& x) const {
    return each([&](auto& u) { return inner.activation(f, derivative, u); }, x);
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const {
    return each([&](auto& u) { return inner.softmax_rows(u, mask); }, x);
  }
  Tensor rotate(const Tensor& x, const Rotation& rotation) const {
    return each([&](auto& u) { return inner.rotate(u, rotation); }, x);
  }

  // The same of moved entries; constants are lists of length 1.
  Tensor take_cols(const Tensor& x, int first, int count) const {
    return each([&](auto& u) { return inner.take_cols(u, first, count); }, x);
  }
  Tensor take_rows(const Tensor& x, int first, int count) const {
    return each([&](auto& u) { return inner.take_rows(u, first, count); }, x);
  }
  Tensor concat_cols(const std::vector<Tensor>& parts) const {
    return of_parts([&](auto& p) { return inner.concat_cols(p); }, parts);
  }
  Tensor concat_rows(const std::vector<Tensor>& parts) const {
    return of_parts([&](auto& p) { return inner.concat_rows(p); }, parts);
  }
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) const {
    return {{inner.whole_numbers(rows, cols, entry)}};
  }
  Tensor zeros(int rows, int cols) const { return {{inner.zeros(rows, cols)}}; }
  std::vector<int> whole(const Tensor& x) const { return inner.whole(x.list.front()); }

  // Adds g to the part of `sum` that begins at (row, col), list by list; `sum` gets as long as g.
  void accumulate(Tensor& sum, const Tensor& g, int row, int col) const {
    if (sum.list.size() < g.list.size()) sum.list.resize(g.list.size(), Inner(sum.list.front()));
    for (std::size_t k = 0; k < sum.list.size(); ++k) inner.accumulate(sum.list[k], g.of(k), row, col);
  }

 private:
  // A large matrix is read once for all: with few rows that takes as long as to multiply does.
  template <class Product>
  Tensor times(Product product, const Tensor& x, const Tensor& y) const {
    const bool is_large = std::int64_t(rows(y)) * cols(y) >= beyond_caches;
    if (!is_large || y.list.size() > 1 || x.list.size() < 2) return each(product, x, y);
    const Inner all = product(inner.concat_rows(x.list), y.list.front());
    const int n = rows(x);
    Tensor z;
    for (int k = 0; k < int(x.list.size()); ++k) z.list.push_back(inner.take_rows(all, k * n, n));
    return z;
  }
  template <class G, class... T>
  static Tensor each(G g, const T&... x) {
    Tensor y;
    const std::size_t n = std::max({x.list.size()...});
    y.list.reserve(n);
    for (std::size_t k = 0; k < n; ++k) y.list.push_back(g(x.of(k)...));
    return y;
  }
  template <class G>
  static Tensor of_parts(G g, const std::vector<Tensor>& parts) {
    std::size_t n = 1;
    for (const Tensor& p : parts) n = std::max(n, p.list.size());
    Tensor y;
    y.list.reserve(n);
    for (std::size_t k = 0; k < n; ++k) {
      std::vector<Inner> all;
      for (const Tensor& p : parts) all.push_back(p.of(k));
      y.list.push_back(g(all));
    }
    return y;
  }
};

static_assert(Algebra<Each<Plain<double>>>);

}  // namespace plumbline
