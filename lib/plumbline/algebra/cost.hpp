// Cost: a tensor is a shape. Running the block over it counts what a straightforward implementation does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// A product [n,k] [k,m] is n k m multiply-adds, masked scores included. Every other operation is one
// elementwise operation per entry of its result; a sum one per entry that it reads; a softmax 4 per visible
// entry (subtract, exp, sum, divide); a rotation 6 per pair. Moving entries is free.
struct Cost : AlgebraBase<Cost> {
  struct Tensor {
    int rows = 0, cols = 0;
    std::string parameter;  // its name, where it is one
  };
  std::int64_t multiply_adds = 0;
  std::int64_t elementwise = 0;
  std::int64_t parameters = 0;  // entries of the parameters that were read, each once

  // A parameter. Its entries count once, when an operation first reads it.
  Tensor parameter(const std::string& name, int rows, int cols) const { return {rows, cols, name}; }

  // The shape of x.
  int rows(const Tensor& x) const { return x.rows; }
  int cols(const Tensor& x) const { return x.cols; }

  // The operations of Algebra (operations.hpp): each returns the shape of its result and counts what it
  // costs. That operands fit is not checked. matmul throws Error where the sum is beyond 2^63 multiply-adds.
  Tensor matmul(const Tensor& x, const Tensor& y) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(size(x), std::int64_t{y.cols}, &product) ||
        __builtin_add_overflow(multiply_adds, product, &multiply_adds))
      throw Error("cost: more than 2^63 multiply-adds");
    return read({x.rows, y.cols, {}}, x, y);
  }
  Tensor transpose(const Tensor& x) { return read({x.cols, x.rows, {}}, x); }
  Tensor add(const Tensor& x, const Tensor& y) { return entrywise(x, y); }
  Tensor sub(const Tensor& x, const Tensor& y) { return entrywise(x, y); }
  Tensor mul(const Tensor& x, const Tensor& y) { return entrywise(x, y); }
  Tensor scale(const Tensor& x, Exact) { return entrywise(x); }
  Tensor add_scalar(const Tensor& x, Exact) { return entrywise(x); }
  Tensor add_row(const Tensor& x, const Tensor& row) { return entrywise(x, row); }
  Tensor mul_row(const Tensor& x, const Tensor& row) { return entrywise(x, row); }
  Tensor sub_col(const Tensor& x, const Tensor& col) { return entrywise(x, col); }
  Tensor mul_col(const Tensor& x, const Tensor& col) { return entrywise(x, col); }
  Tensor row_sum(const Tensor& x) {
    elementwise += size(x);
    return read({x.rows, 1, {}}, x);
  }
  Tensor col_sum(const Tensor& x) {
    elementwise += size(x);
    return read({1, x.cols, {}}, x);
  }
  Tensor divide(const Tensor& x, int) { return entrywise(x); }

  // The same of functions; a softmax counts the visible entries alone, a rotation the pairs that turn.
  Tensor rsqrt(const Tensor& x) { return entrywise(x); }
  Tensor reciprocal(const Tensor& x) { return entrywise(x); }
  Tensor exp(const Tensor& x) { return entrywise(x); }
  Tensor tanh(const Tensor& x) { return entrywise(x); }
  Tensor maximum(const Tensor& x, Exact) { return entrywise(x); }
  Tensor above(const Tensor& x, Exact) { return entrywise(x); }
  Tensor activation(Activation, int, const Tensor& x) { return entrywise(x); }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) {
    for (int i = 0; i < x.rows; ++i) elementwise += std::int64_t{4} * visible(mask, i);
    return read({x.rows, x.cols, {}}, x);
  }
  Tensor rotate(const Tensor& x, const Rotation& r) {
    elementwise += std::int64_t{6} * x.rows * (r.rotary_dim / 2);
    return read({x.rows, x.cols, {}}, x);
  }

  // Moving entries, constants, and names for places and components are free.
  Tensor take_cols(const Tensor& x, int, int count) { return read({x.rows, count, {}}, x); }
  Tensor take_rows(const Tensor& x, int, int count) { return read({count, x.cols, {}}, x); }
  Tensor concat_cols(const std::vector<Tensor>& parts) {
    Tensor y{parts.front().rows, 0, {}};
    for (const Tensor& p : parts) y.cols += read(p, p).cols;
    return y;
  }
  Tensor concat_rows(const std::vector<Tensor>& parts) {
    Tensor y{0, parts.front().cols, {}};
    for (const Tensor& p : parts) y.rows += read(p, p).rows;
    return y;
  }
  Tensor whole_numbers(int rows, int cols, const WholeNumber&) const { return {rows, cols, {}}; }
  Tensor zeros(int rows, int cols) const { return {rows, cols, {}}; }
  Tensor detach(const Tensor& x) const { return x; }
  Tensor store(const Tensor& x, const Place&) const { return x; }
  template <class Body>
  Tensor component(Component, const char*, const Tensor&, Body body) {
    return body();
  }

 private:
  static int visible(const Mask& mask, int query) {
    return std::max(mask.last(query) - mask.first(query) + 1, 0) + mask.sink;
  }
  static std::int64_t size(const Tensor& x) { return std::int64_t{x.rows} * x.cols; }

  template <class... Operands>
  Tensor read(Tensor result, const Operands&... operands) {
    const auto count = [&](const Tensor& x) {
      if (!x.parameter.empty() && seen_.insert(x.parameter).second) parameters += size(x);
    };
    (count(operands), ...);
    return result;
  }
  template <class... Operands>
  Tensor entrywise(const Tensor& x, const Operands&... others) {
    elementwise += size(x);
    return read({x.rows, x.cols, {}}, x, others...);
  }

  std::set<std::string> seen_;
};

static_assert(Algebra<Cost>);

}  // namespace plumbline
