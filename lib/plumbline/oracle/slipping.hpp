// Slipping<A>: A, an algebra of numbers or a tape over one, save for one slip. Included only where it is
// instantiated.
#pragma once

#include <map>
#include <set>

#include "plumbline/algebra/ensemble.hpp"
#include "plumbline/algebra/grid.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/layout.hpp"
#include "plumbline/oracle/slip.hpp"

namespace plumbline {
namespace detail {

inline const Matrix<double>& numbers(const Matrix<double>& x) { return x; }
inline const Matrix<double>& numbers(const Ensemble<double>::Tensor& x) { return x.value; }
template <class T>
requires requires(T x) { x.node; }
const Matrix<double>& numbers(const T& x) { return numbers(*x.value); }

template <class A>
Tensor<A> constant(A& a, Matrix<double> x) {
  if constexpr (requires { a.inner; })
    return a.constant(constant(a.inner, std::move(x)));
  else if constexpr (std::is_same_v<Tensor<A>, Matrix<double>>)
    return x;
  else
    return {std::move(x), true};
}

}  // namespace detail

template <class A>
class Slipping : public A {
 public:
  using T = plumbline::Tensor<A>;
  using What = Slip::What;

  Slipping(A algebra, const Slip& slip, int heads) : A(std::move(algebra)), slip_(slip), heads_(heads) {}

  // The parameters, which an exchange of gradients reads.
  void given(const std::map<std::string, T>& parameters) { parameters_ = &parameters; }
  const std::vector<Stored>& places() const { return places_; }

  T store(const T& x, std::string_view place) {
    const T y = A::store(x, place);
    const std::string name(place);
    if (last_.insert_or_assign(name, y).second) places_.push_back({name, this->rows(y), this->cols(y)});
    if (slip_.is_of_softmax() || !slip_.is_at(place)) return y;
    const T changed = change(y, name, calls_[name]++);
    if (this->rows(changed) != this->rows(y) || this->cols(changed) != this->cols(y))
      throw Error(name + ": expected a tensor of its shape in its place");  // of queries among fewer keys, say
    switch (slip_.pass) {
      case Slip::Pass::both: break;
      case Slip::Pass::forward: return with_derivative_of(*this, changed, y);
      case Slip::Pass::backward: return with_derivative_of(*this, y, changed);
    }
    return changed;
  }

  T softmax_rows(const T& x, const Mask& mask) {
    if (!slip_.is_of_softmax()) return A::softmax_rows(x, mask);
    switch (slip_.what) {
      case What::tail_keys_missing: return of_first_keys(x, mask, this->cols(x) / slip_.from * slip_.from);
      case What::later_keys_missing: return of_first_keys(x, mask, slip_.from);
      case What::mask_inverted: return of_hidden_keys(x, mask);
      case What::mask_added:
        return A::softmax_rows(A::add(x, A::indicator(mask)), Mask::everything(mask.queries, mask.keys));
      case What::uniform: return A::softmax_rows(A::scale(x, {0}), mask);
      case What::uniform_over_all_keys:
        return A::softmax_rows(A::scale(x, {0}), Mask::everything(mask.queries, mask.keys));
      default: return kept_in_tiles(x, mask);
    }
  }

 private:
  T change(const T& y, const std::string& place, int call) {
    const int rows = this->rows(y), cols = this->cols(y), from = slip_.from;
    const auto zeros = [&](int r, int c) { return this->zeros(r, c); };
    switch (slip_.what) {
      case What::missing: return this->scale(y, {0});
      case What::twice: return this->scale(y, {2});
      case What::halved: return this->scale(y, {0.5});
      case What::negated: return this->scale(y, {-1});
      case What::rows_missing:
        if (rows <= from) return y;
        return this->concat_rows({this->take_rows(y, 0, from), zeros(rows - from, cols)});
      case What::channels_missing:
        if (cols <= from) return y;
        return this->concat_cols({this->take_cols(y, 0, from), zeros(rows, cols - from)});
      case What::previous_row:
        if (rows == 1) return this->scale(y, {0});
        return this->concat_rows({zeros(1, cols), this->take_rows(y, 0, rows - 1)});
      case What::first_row: {
        const T row = this->take_rows(y, 0, 1);
        return this->concat_rows(std::vector<T>(rows, row));
      }
      case What::last_row_in_first: return last_row_in_first(y);
      case What::first_head: return call % heads_ ? first_ : first_ = y;
      case What::only_first_head: return call % heads_ ? this->scale(y, {0}) : y;
      case What::previous_call: {
        const T before = call ? first_ : y;
        first_ = y;
        return before;
      }
      case What::transposed:
        if (rows != cols) throw Error(place + ": expected as many rows as columns");
        return this->transpose(y);
      case What::reads: return stored_at(slip_.other, place, y);
      case What::exchange: return of_other_projection(place);
      case What::in_bfloat16: return rounded(y, Dtype::bf16);
      case What::in_float16: return rounded(y, Dtype::f16);
      default: return y;
    }
  }

  // Backward, the slip is the transpose of what is done forward.
  T last_row_in_first(const T& y) {
    const int rows = this->rows(y), cols = this->cols(y);
    if (rows == 1) return y;
    const bool back = slip_.pass == Slip::Pass::backward;
    const T row = this->take_rows(y, back ? 0 : rows - 1, 1), rest = this->zeros(rows - 1, cols);
    return back ? this->concat_rows({rest, row}) : this->concat_rows({row, rest});
  }

  T rounded(const T& y, Dtype type) {
    const Grid<double> grid(type);
    const Matrix<double>& exact = detail::numbers(y);
    return this->add(y, constant(exact.unaryExpr([&](double v) { return grid.nearest(v) - v; })));
  }

  // ".attn.keys" of the layer that `place` is in.
  static std::string in_layer_of(const std::string& place, const std::string& other) {
    if (!other.starts_with('.')) return other;
    return place.substr(0, place.find('.', place.find('.') + 1)) + other;
  }

  T stored_at(const std::string& other, const std::string& place, const T& y) {
    const auto it = last_.find(in_layer_of(place, other));
    if (it == last_.end()) throw Error(other + ": expected a tensor, found none");
    if (this->rows(it->second) != this->rows(y) || this->cols(it->second) != this->cols(y))
      throw Error(other + ": expected the shape of " + place);
    return it->second;
  }

  // What the other one of two projections makes of the same input: its derivative is read in place of this
  // one's.
  T of_other_projection(const std::string& place) {
    const auto projection = [&](const std::string& name) { return name.substr(0, name.rfind('.') + 1); };
    const std::string here = projection(place), there = projection(in_layer_of(place, slip_.other));
    const std::string other = here == there ? projection(in_layer_of(place, slip_.places.front())) : there;
    const auto weight = parameters_->find(other + "weight");
    if (weight == parameters_->end()) throw Error(other + "weight: expected a tensor, found none");
    return this->matmul(last_.at(here + "input"), this->transpose(weight->second));
  }

  T constant(Matrix<double> x) { return detail::constant(static_cast<A&>(*this), std::move(x)); }

  T of_first_keys(const T& x, const Mask& mask, int n) {
    const int keys = this->cols(x);
    if (n >= keys) return A::softmax_rows(x, mask);
    Mask first = mask;
    first.keys = n;
    require_sight(first);
    return this->concat_cols(
        {A::softmax_rows(A::take_cols(x, 0, n), first), A::zeros(mask.queries, keys - n)});
  }

  // Hidden as frameworks hide: by a score so low that nothing beside it is left of it.
  T of_hidden_keys(const T& x, const Mask& mask) {
    const T seen = this->indicator(mask);
    const Matrix<double> low = detail::numbers(seen) * -1e30;
    return A::softmax_rows(A::add(x, constant(low)), Mask::everything(mask.queries, mask.keys));
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
      if (slip_.what == What::padding_counted)
        wrong = right + ((keys + tile - 1) / tile * tile - keys) * std::exp(-last);
      sums(i, 0) = right / wrong;
    }
    if (slip_.what == What::neither_rescaled) return A::softmax_rows(A::sub(x, constant(by_tile)), mask);
    const T p = A::softmax_rows(x, mask);
    if (slip_.what == What::output_not_rescaled) return A::mul(p, constant(ratio));
    return A::mul_col(p, constant(sums));
  }

  const Slip& slip_;
  int heads_;
  const std::map<std::string, T>* parameters_ = nullptr;
  std::map<std::string, T> last_;  // stored at each place
  std::map<std::string, int> calls_;
  std::vector<Stored> places_;
  T first_ = {};
};

}  // namespace plumbline
