// The softmax of scores with a slip. Included only where a block with a slip is instantiated.
#pragma once

#include <cmath>
#include <limits>

#include "plumbline/naming/slip.hpp"
#include "plumbline/naming/slipping_numbers.hpp"

namespace plumbline::detail {

// In the algebra A, a tape over numbers or numbers themselves.
//   bad input: throws Error where a query sees no key, or the slip does not apply
template <class A>
class SlippedSoftmax {
 public:
  using T = Tensor<A>;
  using What = Slip::What;

  // With that slip; both must outlive it.
  SlippedSoftmax(A& algebra, const Slip& slip) : a_(algebra), slip_(slip) {}

  // The weights [queries, keys].
  T operator()(const T& x, const Mask& mask) {
    if (mask.sink) throw Error("expected a softmax of keys alone");
    switch (slip_.what) {
      case What::tail_keys_missing: return of_first_keys(x, mask, a_.cols(x) / slip_.from * slip_.from);
      case What::later_keys_missing: return of_first_keys(x, mask, slip_.from);
      case What::padding_counted: return with_padded_keys(x, mask);
      case What::mask_inverted: return of_hidden_keys(x, mask);
      case What::mask_added:
        return a_.softmax_rows(a_.add(x, a_.indicator(mask)), Mask::everything(mask.queries, mask.keys));
      case What::uniform: return a_.softmax_rows(a_.scale(x, {0}), mask);
      case What::uniform_over_all_keys:
        return a_.softmax_rows(a_.scale(x, {0}), Mask::everything(mask.queries, mask.keys));
      case What::unmasked: return a_.softmax_rows(x, Mask::everything(mask.queries, mask.keys));
      default: return kept_in_tiles(x, mask);
    }
  }

 private:
  T of_first_keys(const T& x, const Mask& mask, int n) {
    const int keys = a_.cols(x);
    if (n >= keys) return a_.softmax_rows(x, mask);
    Mask first = mask;
    first.keys = n;
    require_sight(first);
    return a_.concat_cols({a_.softmax_rows(a_.take_cols(x, 0, n), first), a_.zeros(mask.queries, keys - n)});
  }

  // Keys of score 0 fill up the last tile; a mask would hide them.
  T with_padded_keys(const T& x, const Mask& mask) {
    const int keys = a_.cols(x), padded = (keys + slip_.from - 1) / slip_.from * slip_.from;
    for (int i = 0; i < mask.queries; ++i)
      if (!mask.sees(i, keys - 1)) throw Error("expected a query to see all keys");
    const T all = a_.concat_cols({x, a_.zeros(mask.queries, padded - keys)});
    return a_.take_cols(a_.softmax_rows(all, Mask::everything(mask.queries, padded)), 0, keys);
  }

  // Hidden as frameworks hide: by a score so low that nothing beside it is left of it.
  T of_hidden_keys(const T& x, const Mask& mask) {
    const T seen = a_.indicator(mask);
    const Matrix<double> low = detail::numbers(seen) * -1e30;
    return a_.softmax_rows(a_.add(x, constant(low)), Mask::everything(mask.queries, mask.keys));
  }

  T kept_in_tiles(const T& x, const Mask& mask) {
    const Matrix<double>& s = detail::numbers(x);
    const int tile = slip_.from, keys = int(s.cols());
    Matrix<double> by_tile = Matrix<double>::Zero(s.rows(), keys), ratio = by_tile;  // exp(m - m_k)
    Matrix<double> sums = Matrix<double>::Ones(s.rows(), 1);                         // right over wrong
    for (int i = 0; i < s.rows(); ++i) {
      double top = -std::numeric_limits<double>::infinity(), last = top;
      for (int j = 0; j < keys; ++j)
        if (mask.sees(i, j)) last = std::max(last, s(i, j));
      double right = 0, wrong = 0;
      for (int first = 0; first < keys; first += tile) {
        const int end = std::min(first + tile, keys);
        for (int j = first; j < end; ++j)
          if (mask.sees(i, j)) top = std::max(top, s(i, j));
        for (int j = first; j < end; ++j) {
          if (!mask.sees(i, j)) continue;
          by_tile(i, j) = top;
          ratio(i, j) = std::exp(last - top);
          right += std::exp(s(i, j) - last);
          wrong += std::exp(s(i, j) - top);
        }
      }
      sums(i, 0) = right / wrong;
    }
    if (slip_.what == What::neither_rescaled) return a_.softmax_rows(a_.sub(x, constant(by_tile)), mask);
    const T p = a_.softmax_rows(x, mask);
    if (slip_.what == What::output_not_rescaled) return a_.mul(p, constant(ratio));
    return a_.mul_col(p, constant(sums));
  }

  T constant(Matrix<double> x) { return detail::constant(a_, std::move(x)); }

  A& a_;
  const Slip& slip_;
};

}  // namespace plumbline::detail
