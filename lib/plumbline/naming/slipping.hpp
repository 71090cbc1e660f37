// Slipping<A>: A, an algebra of numbers or a tape over one, save for one slip. Included only where a block
// with a slip is instantiated.
#pragma once

#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/ensemble/ensemble.hpp"
#include "plumbline/naming/hand_written.hpp"
#include "plumbline/naming/slip.hpp"
#include "plumbline/naming/slipped_softmax.hpp"
#include "plumbline/naming/slipping_numbers.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
// What remembers every tensor by its place, and changes those at the places of the slip. It runs one
// block, once.
template <class A>
class Slipping : public A {
 public:
  using T = plumbline::Tensor<A>;
  using What = Slip::What;

  // Heads and sequences of the block: some slips tell them apart. The slip must outlive the algebra.
  template <class Of>
  Slipping(Of algebra, const Slip& slip, int heads, int batch)
      : A(std::move(algebra)), slip_(slip), heads_(heads), batch_(batch) {}

  // The parameters, which some slips read; to be given before the block is run. What they are must
  // outlive it.
  void given(const std::map<std::string, T>& parameters) { parameters_ = &parameters; }

  // Where something was stored or computed, each once, in the order of execution.
  const std::vector<Stored>& places() const { return places_; }

  // What A stores, or what the slip makes of it. Throws Error where the slip does not apply there.
  T store(const T& x, const Place& place) {
    const T y = A::store(x, place);
    after_ = place.path;
    operations_.clear();
    return slipped(y, after_, nullptr, nullptr);
  }

  // The operations of Algebra (operations.hpp) that a slip can change: what A computes, or what the slip
  // makes of it. Throw Error where the slip does not apply there.
  T add(const T& x, const T& y) { return operation("add", A::add(x, y), x, &y); }
  T mul(const T& x, const T& y) { return operation("mul", A::mul(x, y), x, &y); }
  T scale(const T& x, Exact c) { return operation("scale", A::scale(x, c), x); }
  T add_scalar(const T& x, Exact c) { return operation("add_scalar", A::add_scalar(x, c), x); }
  T add_row(const T& x, const T& row) { return operation("add_row", A::add_row(x, row), x, &row); }
  T mul_row(const T& x, const T& row) { return operation("mul_row", A::mul_row(x, row), x, &row); }
  T sub_col(const T& x, const T& col) {
    subtracted_ = col;
    return operation("sub_col", A::sub_col(x, col), x, &col);
  }
  T mul_col(const T& x, const T& col) { return operation("mul_col", A::mul_col(x, col), x, &col); }
  T row_sum(const T& x) { return operation("row_sum", A::row_sum(x), x); }
  T rsqrt(const T& x) { return operation("rsqrt", A::rsqrt(x), x); }
  T tanh(const T& x) { return operation("tanh", A::tanh(x), x); }
  T activation(Activation f, int n, const T& x) {
    const T y = A::activation(f, n, x);
    return is_of_activations() ? in_pass(y, otherwise_activated(x, y)) : operation("activation", y, x);
  }
  T rotate(const T& x, const Rotation& r) {
    if (slip_.what != What::turned) return operation("rotate", A::rotate(x, r), x);
    return detail::turned_otherwise(algebra(), x, other_turns()[std::size_t(slip_.from)], slip_.number, r,
                                    constants());
  }

  // The softmax, with the slip where that is one of a softmax. Throws Error where a query sees no key.
  T softmax_rows(const T& x, const Mask& mask) {
    if (!slip_.is_of_softmax()) return A::softmax_rows(x, mask);
    return slip_.pass == Slip::Pass::both ? softmax(x, mask)
                                          : in_pass(A::softmax_rows(x, mask), softmax(x, mask));
  }

 private:
  T softmax(const T& x, const Mask& mask) { return detail::SlippedSoftmax<A>(*this, slip_)(x, mask); }
  A& algebra() { return *this; }
  auto constants() {
    return [this](Matrix<double> x) { return constant(std::move(x)); };
  }
  bool is_of_activations() const {
    return slip_.what == What::other_activation || slip_.what == What::cut_activation;
  }

  T otherwise_activated(const T& x, const T& right) {
    const Matrix<double>& at = detail::numbers(x);
    const double c = slip_.number;
    if (slip_.what == What::cut_activation)
      return A::mul(right, constant(at.unaryExpr([c](double v) { return v < -c ? 0.0 : 1.0; })));
    const OtherActivation& f = other_activations()[std::size_t(slip_.from)];
    return detail::activated_otherwise(
        algebra(), x, at, [&f, c](double v) { return value(f, c, v); },
        [&f, c](double v) { return slope(f, c, v); }, constants());
  }

  // Where the norm is that stored this, and what it has computed.
  detail::NormNumbers numbers_of_norm(const std::string& place) const {
    const std::string norm = place.substr(0, place.rfind(".normalized"));
    const auto at = [&](const std::string& name) -> const Matrix<double>& {
      const auto it = last_.find(norm + name);
      if (it == last_.end()) throw Error(norm + name + ": expected a tensor, found none");
      return detail::numbers(it->second);
    };
    detail::NormNumbers out;
    out.input = at(".input");
    out.centres = last_.contains(norm + ".input/sub_col");
    out.centred = out.centres ? at(".input/sub_col") : out.input;
    out.r = at(".variance/rsqrt");
    out.n = at(".normalized");
    const auto weight = parameters_ ? parameters_->find(norm + ".weight")
                                    : typename std::map<std::string, T>::const_iterator{};
    out.gain = parameters_ && weight != parameters_->end() ? detail::numbers(weight->second)
                                                           : Matrix<double>::Ones(1, out.n.cols());
    return out;
  }

  T in_pass(const T& right, const T& changed) {
    switch (slip_.pass) {
      case Slip::Pass::forward: return with_derivative_of(algebra(), changed, right);
      case Slip::Pass::backward: return with_derivative_of(algebra(), right, changed);
      case Slip::Pass::both: break;
    }
    return changed;
  }

  T operation(const char* kind, const T& y, const T& x, const T* other = nullptr) {
    if (changes_) return y;
    const int count = ++operations_[kind];
    const std::string name = after_ + "/" + kind + (count > 1 ? "/" + std::to_string(count) : "");
    return slipped(y, name, &x, other);
  }

  // y, or what the slip makes of it.
  T slipped(const T& y, const std::string& name, const T* first, const T* second) {
    if (changes_) return y;
    if (last_.insert_or_assign(name, y).second) places_.push_back({name, this->rows(y), this->cols(y)});
    if (slip_.is_of_softmax() || !slip_.is_at(name)) return y;
    changes_ = true;
    const T changed = first ? change_operation(y, name, *first, second) : change(y, name);
    if (this->rows(changed) != this->rows(y) || this->cols(changed) != this->cols(y))
      throw Error(name +
                  ": expected a tensor of its shape in its place");  // of queries among fewer keys, say
    const T out = in_pass(y, changed);
    changes_ = false;
    return out;
  }

  T change_operation(const T& y, const std::string& place, const T& x, const T* other) {
    const auto alike = [&](const T& u) {
      if (this->rows(u) != this->rows(y) || this->cols(u) != this->cols(y))
        throw Error(place + ": expected an operand of the result's shape");
      return u;
    };
    const auto second = [&]() -> const T& {
      if (!other) throw Error(place + ": expected two operands");
      return alike(*other), *other;
    };
    switch (slip_.what) {
      case What::first_operand: return as_its_operand(place, alike(x), other);
      case What::second_operand: return second();
      case What::reads: return A::add(stored_at(slip_.other, after_, y), second());
      case What::first_for_second: return A::add(x, alike(x));
      case What::second_for_first: return A::add(second(), second());
      case What::second_twice: return A::add(y, second());
      case What::second_halved: return A::sub(y, A::scale(second(), {0.5}));
      case What::second_negated: return A::sub(y, A::scale(second(), {2}));
      case What::of_first_half:
      case What::of_every_second:
      case What::of_first_channels:
      case What::of_full_tiles:
      case What::of_last_tile:
      case What::with_padding: return of_some(y, place, x, other);
      case What::norm_backward: return gain_seen_otherwise(place, x, second_of(place, other));
      default: return change(y, place);
    }
  }

  static const T& second_of(const std::string& place, const T* other) {
    if (!other) throw Error(place + ": expected two operands");
    return *other;
  }

  // x times a gain whose gradient is taken from another factor.
  T gain_seen_otherwise(const std::string& place, const T& x, const T& gain) {
    const Matrix<double> seen =
        detail::factor_of_gain(norm_backwards()[std::size_t(slip_.from)], numbers_of_norm(place));
    return A::add(A::mul_row(x, this->detach(gain)), A::mul_row(constant(seen), gain));
  }

  // Backward, the operand's cotangent is the result's; what it is multiplied by has the right one.
  T as_its_operand(const std::string& place, const T& x, const T* other) {
    if (slip_.pass != Slip::Pass::backward || !other) return x;
    const T constant = this->detach(x);
    if (place.find("/mul_row") != place.npos) return A::add(x, A::mul_row(constant, *other));
    if (place.find("/mul_col") != place.npos) return A::add(x, A::mul_col(constant, *other));
    return x;
  }

  // A sum over some of the channels; or a difference whose second operand is seen by some.
  T of_some(const T& y, const std::string& place, const T& x, const T* other) {
    const int cols = this->cols(x), from = slip_.from;
    Matrix<double> weights = Matrix<double>::Zero(this->rows(x), cols);
    switch (slip_.what) {
      case What::of_first_half: weights.leftCols((cols + 1) / 2).setOnes(); break;
      case What::of_every_second:
        for (int j = 0; j < cols; j += 2) weights.col(j).setConstant(double(cols) / ((cols + 1) / 2));
        break;
      case What::of_first_channels: weights.leftCols(std::min(from, cols)).setOnes(); break;
      case What::of_full_tiles: weights.leftCols(cols / from * from).setOnes(); break;
      case What::of_last_tile: weights.rightCols(cols - (cols - 1) / from * from).setOnes(); break;
      default: {
        if (!subtracted_) throw Error(place + ": expected something subtracted before");
        const T mean = *subtracted_;
        const double missing = (cols + from - 1) / from * from - cols;
        return A::add(y, A::scale(A::mul(mean, mean), {missing}));
      }
    }
    if (other) return A::sub(x, A::mul_col(constant(weights), *other));
    if (place.find("/row_sum") == place.npos) throw Error(place + ": expected a sum");
    return A::row_sum(A::mul(x, constant(weights)));
  }

  T change(const T& y, const std::string& place) {
    const int call = calls_[place]++;
    const int rows = this->rows(y), cols = this->cols(y), from = slip_.from;
    const auto zeros = [&](int r, int c) { return this->zeros(r, c); };
    switch (slip_.what) {
      case What::missing: return A::scale(y, {0});
      case What::twice: return A::scale(y, {2});
      case What::halved: return A::scale(y, {0.5});
      case What::negated: return A::scale(y, {-1});
      case What::rows_missing:
        if (rows <= from) return y;
        return this->concat_rows({this->take_rows(y, 0, from), zeros(rows - from, cols)});
      case What::channels_missing:
        if (cols <= from) return y;
        return this->concat_cols({this->take_cols(y, 0, from), zeros(rows, cols - from)});
      case What::previous_row:
        if (rows == 1) return A::scale(y, {0});
        return this->concat_rows({zeros(1, cols), this->take_rows(y, 0, rows - 1)});
      case What::first_row: {
        const T row = this->take_rows(y, 0, 1);
        return this->concat_rows(std::vector<T>(rows, row));
      }
      case What::last_row_in_first: return last_row_in_first(y);
      case What::first_head: return call % heads_ ? first_ : first_ = y;
      case What::only_first_head: return call % heads_ ? A::scale(y, {0}) : y;
      case What::last_head_missing: return (call + 1) % heads_ ? y : A::scale(y, {0});
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
      case What::norm_backward: {
        const auto input = last_.find(place.substr(0, place.rfind(".normalized")) + ".input");
        if (input == last_.end()) throw Error(place + ": expected a norm");
        return detail::with_backward(algebra(), norm_backwards()[std::size_t(slip_.from)], input->second,
                                     numbers_of_norm(place), constants());
      }
      case What::mean_over_rows:
      case What::sum_over_rows: {
        const int joint = from || rows % batch_ ? rows : rows / batch_;
        const double weight = slip_.what == What::sum_over_rows ? 1.0 : 1.0 / joint;
        Matrix<double> weights = Matrix<double>::Zero(rows, rows);
        for (int i = 0; i < rows; i += joint) weights.block(i, i, joint, joint).setConstant(weight);
        return A::matmul(constant(weights), y);
      }
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

  // What the other one of two projections makes of the same input: its derivative is read in place of the
  // right one.
  T of_other_projection(const std::string& place) {
    const auto projection = [&](const std::string& name) { return name.substr(0, name.rfind('.') + 1); };
    const std::string here = projection(place), there = projection(in_layer_of(place, slip_.other));
    const std::string other = here == there ? projection(in_layer_of(place, slip_.places.front())) : there;
    const auto weight = parameters_->find(other + "weight");
    if (weight == parameters_->end()) throw Error(other + "weight: expected a tensor, found none");
    return this->matmul_by_transpose(last_.at(here + "input"), weight->second);
  }

  T constant(Matrix<double> x) { return detail::constant(static_cast<A&>(*this), std::move(x)); }

  const Slip& slip_;
  int heads_, batch_;
  const std::map<std::string, T>* parameters_ = nullptr;
  std::map<std::string, T> last_;  // stored at each place
  std::map<std::string, int> calls_;
  std::vector<Stored> places_;
  T first_ = {};
  std::optional<T> subtracted_;
  std::string after_;                      // the last place at which anything was stored
  std::map<std::string, int> operations_;  // since then, by kind
  bool changes_ = false;                   // what it computes itself is no place
};

}  // namespace plumbline
