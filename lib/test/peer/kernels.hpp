// Sums in an order, stores in a storage type, and the elementwise functions, in plain loops over T.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <string_view>

#include "peer/variant.hpp"
#include "plumbline/block/block_spec.hpp"

namespace plumbline::peer {

template <class T>
struct Array {
  int rows = 0, cols = 0;
  std::vector<T> v = {};
  Array() = default;
  Array(int r, int c) : rows(r), cols(c), v(std::size_t(r) * c) {}
  T& operator()(int i, int j) { return v[std::size_t(i) * cols + j]; }
  T operator()(int i, int j) const { return v[std::size_t(i) * cols + j]; }
};

template <class T>
struct Kernels {
  Variant variant;
  explicit Kernels(const Variant& v) : variant(v) {}

  T to_storage(T x) const {
    switch (variant.storage) {
      case Storage::bfloat16: return to_bfloat16(float(x));
      case Storage::float16: return to_float16(float(x));
      case Storage::native: break;
    }
    return x;
  }
  T operand(T x) const {
    switch (variant.operands) {
      case Operands::as_they_are: break;
      case Operands::tf32: return to_tf32(float(x), false);
      case Operands::tf32_cut: return to_tf32(float(x), true);
      case Operands::bfloat16: return to_bfloat16(float(x));
    }
    return x;
  }
  // A term of a product of matrices.
  T product(T x, T y) const { return operand(x) * operand(y); }
  // The result of one operation inside a kernel.
  T op(T x) const { return variant.every_operation ? to_storage(x) : x; }
  // Where a kernel always ends.
  Array<T> store(Array<T> a) const {
    for (T& x : a.v) x = to_storage(x);
    return a;
  }
  // Where a kernel may end; the place decides, so that every call there does the same.
  bool ends_at(const char* place) const {
    if (variant.stores == Stores::before_gain) return std::string_view(place) == "normalized";
    if (variant.stores != Stores::some) return variant.stores == Stores::all;
    return (std::hash<std::string>()(place) * 0x9e3779b97f4a7c15 + variant.seed * 0xd1342543de82ef95) >> 62 &
           1;
  }
  T may_store(T x, const char* place) const { return ends_at(place) ? to_storage(x) : x; }
  Array<T> may_store(Array<T> a, const char* place) const { return ends_at(place) ? store(std::move(a)) : a; }

  template <class Term>
  T sum(int n, Term term) const {
    switch (variant.order) {
      case Order::sequential: break;
      case Order::reversed: {
        T s = 0;
        for (int i = n; i-- > 0;) s += term(i);
        return op(s);
      }
      case Order::pairwise: return op(pairwise(0, n, term));
      case Order::eight_lanes: {
        T lane[8] = {};
        for (int i = 0; i < n; ++i) lane[i % 8] += term(i);
        return op(((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7])));
      }
      case Order::shuffled: {
        std::vector<int>& order = shuffled_[n];
        if (order.empty()) {
          order.resize(n);
          std::iota(order.begin(), order.end(), 0);
          std::shuffle(order.begin(), order.end(), std::mt19937_64(variant.seed + n));
        }
        T s = 0;
        for (int i : order) s += term(i);
        return op(s);
      }
      case Order::truncated: {
        double s = 0;
        for (int i = 0; i < n; ++i) s = towards_zero(s + double(term(i)));
        return op(T(s));
      }
      case Order::in_double: {
        double s = 0;
        for (int i = 0; i < n; ++i) s += double(term(i));
        return op(T(s));
      }
    }
    T s = 0;
    for (int i = 0; i < n; ++i) s += term(i);
    return op(s);
  }

  // [n,k] [m,k]^T, [n,k] [k,m], [k,n]^T [k,m]
  Array<T> times_transposed(const Array<T>& a, const Array<T>& b) const {
    Array<T> c(a.rows, b.rows);
    for (int i = 0; i < c.rows; ++i)
      for (int j = 0; j < c.cols; ++j)
        c(i, j) = sum(a.cols, [&](int k) { return product(a(i, k), b(j, k)); });
    return c;
  }
  Array<T> times(const Array<T>& a, const Array<T>& b) const {
    Array<T> c(a.rows, b.cols);
    for (int i = 0; i < c.rows; ++i)
      for (int j = 0; j < c.cols; ++j)
        c(i, j) = sum(a.cols, [&](int k) { return product(a(i, k), b(k, j)); });
    return c;
  }
  Array<T> transposed_times(const Array<T>& a, const Array<T>& b) const {
    Array<T> c(a.cols, b.cols);
    for (int i = 0; i < c.rows; ++i)
      for (int j = 0; j < c.cols; ++j)
        c(i, j) = sum(a.rows, [&](int k) { return product(a(k, i), b(k, j)); });
    return c;
  }
  Array<T> sum_of_rows(const Array<T>& a) const {
    Array<T> c(1, a.cols);
    for (int j = 0; j < a.cols; ++j) c(0, j) = sum(a.rows, [&](int i) { return a(i, j); });
    return c;
  }
  Array<T> plus(Array<T> a, const Array<T>& b) const {
    for (std::size_t i = 0; i < a.v.size(); ++i) a.v[i] = to_storage(a.v[i] + b.v[i]);
    return a;
  }

  T activation(Activation f, T x) const {
    switch (f) {
      case Activation::relu: return x > 0 ? x : T(0);
      case Activation::silu: return op(x / op(1 + op(std::exp(-x))));
      case Activation::quick_gelu: return op(x / op(1 + op(std::exp(op(T(-1.702) * x)))));
      case Activation::gelu_tanh: {
        const T inner = op(T(0.7978845608028654) * op(x + op(T(0.044715) * op(op(x * x) * x))));
        return op(op(T(0.5) * x) * op(1 + op(std::tanh(inner))));
      }
      case Activation::gelu_erf:
        return op(op(T(0.5) * x) * op(1 + op(std::erf(op(x * T(0.7071067811865476))))));
      case Activation::sigmoid: return op(1 / op(1 + op(std::exp(-x))));
      case Activation::gelu_bloom:
      case Activation::erf:
      case Activation::softplus: break;
    }
    throw Error("activation: expected another one, since this peer lacks " + std::string(name_of(f)));
  }
  T slope(Activation f, T x) const {
    switch (f) {
      case Activation::relu: return x > 0 ? T(1) : T(0);
      case Activation::silu:
      case Activation::quick_gelu: {
        const T k = f == Activation::silu ? T(1) : T(1.702);
        const T s = op(1 / op(1 + op(std::exp(op(-k * x)))));
        return op(s * op(1 + op(op(k * x) * op(1 - s))));
      }
      case Activation::gelu_tanh: {
        const T c = T(0.7978845608028654), a = T(0.044715);
        const T t = op(std::tanh(op(c * op(x + op(a * op(op(x * x) * x))))));
        const T left = op(T(0.5) * op(1 + t));
        const T right =
            op(op(op(T(0.5) * x) * op(1 - op(t * t))) * op(c * op(1 + op(op(3 * a) * op(x * x)))));
        return op(left + right);
      }
      case Activation::gelu_erf: {
        const T cdf = op(T(0.5) * op(1 + op(std::erf(op(x * T(0.7071067811865476))))));
        const T pdf = op(T(0.3989422804014327) * op(std::exp(op(T(-0.5) * op(x * x)))));
        return op(cdf + op(x * pdf));
      }
      case Activation::sigmoid: {
        const T s = to_storage(activation(f, x));  // as frameworks keep it
        return op(s * op(1 - s));
      }
      case Activation::gelu_bloom:
      case Activation::erf:
      case Activation::softplus: break;
    }
    return x;
  }

 private:
  template <class Term>
  static T pairwise(int first, int last, Term term) {
    if (last - first == 1) return term(first);
    if (last == first) return 0;
    const int middle = (first + last) / 2;
    return pairwise(first, middle, term) + pairwise(middle, last, term);
  }
  mutable std::map<int, std::vector<int>> shuffled_;
};

}  // namespace plumbline::peer
