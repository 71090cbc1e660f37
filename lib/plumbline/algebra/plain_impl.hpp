// The larger operations of Plain<S>; included only where a scalar is instantiated.
#pragma once

#include "plumbline/algebra/plain.hpp"
#include "plumbline/number/add_product.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/number/product.hpp"
#include "plumbline/number/scalars_impl.hpp"

namespace plumbline {

template <class S>
Matrix<S> Plain<S>::matmul(const Tensor& x, const Tensor& y) const {
  if constexpr (is_native<S>) {
    return product(x, y);
  } else {
    // One fixed order of summation, whatever the processor: Eigen's blocked product depends on the
    // cache's size.
    Tensor z = zeros(rows(x), cols(y));
    S between(0);
    for (int i = 0; i < z.rows(); ++i)
      for (int k = 0; k < x.cols(); ++k)
        for (int j = 0; j < z.cols(); ++j) add_product(x(i, k), y(k, j), z(i, j), between);
    return z;
  }
}

template <class S>
Matrix<S> Plain<S>::matmul_by_transpose(const Tensor& x, const Tensor& y) const {
  if constexpr (is_native<S>)
    return product_by_transpose(x, y);
  else
    return matmul(x, y.transpose());
}

template <class S>
Matrix<S> Plain<S>::matmul_of_transpose(const Tensor& x, const Tensor& y) const {
  if constexpr (is_native<S>)
    return product_of_transpose(x, y);
  else
    return matmul(x.transpose(), y);
}

template <class S>
std::vector<int> Plain<S>::whole(const Tensor& x) const {
  std::vector<int> out;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if constexpr (is_interval<S>)
      out.push_back(static_cast<int>(plumbline::lower(x.data()[i])));
    else
      out.push_back(static_cast<int>(x.data()[i]));
  }
  return out;
}

// P_ij = exp(x_ij - m_i) / sum_j exp(x_ij - m_i) over visible j, of which there must be one. Any m gives the
// same real; the row's largest entry (for intervals the middle of one) keeps exp from overflowing.
template <class S>
Matrix<S> Plain<S>::softmax_rows(const Tensor& x, const Mask& mask) const {
  require_sight(mask);
  Tensor p = zeros(rows(x), cols(x));
  for (int i = 0; i < x.rows(); ++i) {
    const int last = mask.last(i);
    int first = mask.first(i);
    while (first <= last && !mask.shows(i, first)) ++first;
    if (first > last && !mask.sink) continue;  // no weights
    const auto for_each_seen = [&](const auto& f) {
      for (int j = first; j <= last; ++j)
        if (mask.shows(i, j)) f(j);
      if (mask.sink) f(mask.keys);
    };
    int largest = first > last ? mask.keys : first;
    for_each_seen([&](int j) {
      if constexpr (is_interval<S>) {
        if (upper(x(i, j)) > upper(x(i, largest))) largest = j;
      } else {
        if (x(i, j) > x(i, largest)) largest = j;
      }
    });
    S shift;
    if constexpr (is_interval<S>)
      shift = middle(x(i, largest));
    else
      shift = x(i, largest);
    S total(0);
    for_each_seen([&](int j) {
      p(i, j) = F::exp(S(x(i, j) - shift));
      total += p(i, j);
    });
    for_each_seen([&](int j) { p(i, j) /= total; });
  }
  return p;
}

template <class S>
Matrix<S> Plain<S>::rotate(const Tensor& x, const Rotation& r) const {
  if constexpr (is_native<S>) {
    thread_local Turns<S> last;  // heads and passes turn alike
    if (!last.serve(r, rows(x))) last = turns(r, rows(x));
    return turned(x, r, last);
  } else {
    return turned(x, r, turns(r, rows(x)));
  }
}

template <class S>
Turns<S> Plain<S>::turns(const Rotation& r, int rows) {
  Turns<S> y{r, Tensor(rows, r.rotary_dim / 2), Tensor(rows, r.rotary_dim / 2)};
  for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
    S frequency = F::frequency(pair, r.exponent_dim, r.base);
    if (r.scaling) frequency = F::scaled(*r.scaling, frequency, pair, r.exponent_dim, r.base, rows);
    for (int t = 0; t < rows; ++t)
      std::tie(y.cos(t, pair), y.sin(t, pair)) = F::turn(r.first_position + t, frequency);
  }
  if (r.has_amplitude()) {
    const S amplitude = F::amplitude(*r.scaling);
    y.cos *= amplitude;
    y.sin *= amplitude;
  }
  return y;
}

template <class S>
Matrix<S> Plain<S>::turned(const Tensor& x, const Rotation& r, const Turns<S>& turns) {
  Tensor y = x;
  for (int t = 0; t < x.rows(); ++t)
    for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
      const S& c = turns.cos(t, pair);
      const S s = r.sign < 0 ? S(-turns.sin(t, pair)) : turns.sin(t, pair);
      const S &a = x(t, r.first(pair)), &b = x(t, r.second(pair));
      y(t, r.first(pair)) = a * c - b * s;
      y(t, r.second(pair)) = a * s + b * c;
    }
  return y;
}

template <class S>
Matrix<S> Plain<S>::concat_cols(const std::vector<Tensor>& parts) const {
  Eigen::Index width = 0;
  for (const Tensor& p : parts) width += p.cols();
  Tensor y(parts.front().rows(), width);
  Eigen::Index at = 0;
  for (const Tensor& p : parts) {
    y.middleCols(at, p.cols()) = p;
    at += p.cols();
  }
  return y;
}

template <class S>
Matrix<S> Plain<S>::concat_rows(const std::vector<Tensor>& parts) const {
  Eigen::Index height = 0;
  for (const Tensor& p : parts) height += p.rows();
  Tensor y(height, parts.front().cols());
  Eigen::Index at = 0;
  for (const Tensor& p : parts) {
    y.middleRows(at, p.rows()) = p;
    at += p.rows();
  }
  return y;
}

}  // namespace plumbline
