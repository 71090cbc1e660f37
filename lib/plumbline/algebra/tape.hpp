// Tape<A>: a tensor is a value in A and its place on a tape. Playing the tape backwards gives vector-Jacobian
// products: the gradient of <cotangent, y> in every variable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/softmax_derivative.hpp"

namespace plumbline {

// A value that is never changed, so that all who remember it can share it.
template <class T>
class Shared {
 public:
  // Holds no value yet, and must not be read; holds that value.
  Shared() = default;
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  Shared(std::shared_ptr<const T> value) : value_(std::move(value)) {}
  operator const T&() const { return *value_; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<const T> value_;
};

// Backward derivatives over A. Recorded steps point to the tape, which is therefore neither copied nor moved;
// its tensors are of use on no other tape.
//   bound: over enclosures, gradients are enclosures of the exact ones
template <TapedAlgebra A>
struct Tape : AlgebraBase<Tape<A>> {
  using Inner = plumbline::Tensor<A>;
  static constexpr int constant_node = -1;
  struct Tensor {
    Shared<Inner> value;
    int node = constant_node;
  };
  A inner;

  // A tape over that algebra, without a step.
  Tape() = default;
  explicit Tape(A algebra) : inner(std::move(algebra)) {}
  Tape(const Tape&) = delete;

  // As A does (moe.hpp).
  bool divides_shares_twice() const { return inner.divides_shares_twice(); }

  // What gradients are asked of, and the same without a copy; what has none.
  Tensor variable(const Inner& value) { return push(value, {}); }
  Tensor shared_variable(Shared<Inner> value) { return push(std::move(value), {}); }
  Tensor constant(Shared<Inner> value) const { return {std::move(value)}; }

  // Gradients of <cotangent, y>, one for each node; nodes that y does not depend on hold nothing. The
  // cotangent has the shape of y. It can be played again.
  std::vector<std::optional<Inner>> backward(const Tensor& y, const Inner& cotangent) {
    return play(y, cotangent, [](std::optional<Inner>&, Step&) {});
  }
  // The same for variables alone; what has been played is forgotten, so that its memory serves what follows.
  std::vector<std::optional<Inner>> backward_once(const Tensor& y, const Inner& cotangent) {
    return play(y, cotangent, [](std::optional<Inner>& gradient, Step& step) {
      gradient.reset();
      step = nullptr;
    });
  }

  // The shape of x.
  int rows(const Tensor& x) const { return inner.rows(x.value); }
  int cols(const Tensor& x) const { return inner.cols(x.value); }

  // The operations of Algebra (operations.hpp): values as A computes them, and a step that takes the
  // cotangent of the result to those of the operands. Where no operand is variable the result is a constant,
  // save for those of concat_cols and concat_rows.
  Tensor matmul(const Tensor& x, const Tensor& y) {
    return record(
        inner.matmul(x.value, y.value),
        [=, this](const Inner& g) {
          if (depends(x)) accumulate(x, inner.matmul_by_transpose(g, *y.value));
          if (depends(y)) accumulate(y, inner.matmul_of_transpose(inner.saved(*x.value), g));
        },
        x, y);
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) {
    return record(
        inner.matmul_by_transpose(x.value, y.value),
        [=, this](const Inner& g) {
          if (depends(x)) accumulate(x, inner.matmul(g, *y.value));
          if (depends(y)) accumulate(y, inner.matmul_of_transpose(g, inner.saved(*x.value)));
        },
        x, y);
  }
  Tensor transpose(const Tensor& x) {
    return record(
        inner.transpose(x.value), [=, this](const Inner& g) { accumulate(x, inner.transpose(g)); }, x);
  }
  Tensor add(const Tensor& x, const Tensor& y) {
    return record(
        inner.add(x.value, y.value),
        [=, this](const Inner& g) {
          accumulate(x, g);
          accumulate(y, g);
        },
        x, y);
  }
  Tensor sub(const Tensor& x, const Tensor& y) {
    return record(
        inner.sub(x.value, y.value),
        [=, this](const Inner& g) {
          accumulate(x, g);
          if (depends(y)) accumulate(y, inner.scale(g, {-1}));
        },
        x, y);
  }
  Tensor mul(const Tensor& x, const Tensor& y) {
    return record(
        inner.mul(x.value, y.value),
        [=, this](const Inner& g) {
          if (depends(x)) accumulate(x, inner.mul(g, inner.saved(*y.value)));
          if (depends(y)) accumulate(y, inner.mul(g, inner.saved(*x.value)));
        },
        x, y);
  }
  Tensor scale(const Tensor& x, Exact c) {
    return record(
        inner.scale(x.value, c), [=, this](const Inner& g) { accumulate(x, inner.scale(g, c)); }, x);
  }
  Tensor add_scalar(const Tensor& x, Exact c) {
    return record(
        inner.add_scalar(x.value, c), [=, this](const Inner& g) { accumulate(x, g); }, x);
  }
  Tensor add_row(const Tensor& x, const Tensor& r) {
    return record(
        inner.add_row(x.value, r.value),
        [=, this](const Inner& g) {
          accumulate(x, g);
          if (depends(r)) accumulate(r, inner.col_sum(g));
        },
        x, r);
  }
  Tensor mul_row(const Tensor& x, const Tensor& r) {
    return record(
        inner.mul_row(x.value, r.value),
        [=, this](const Inner& g) {
          if (depends(x)) accumulate(x, inner.mul_row(g, r.value));
          if (depends(r)) accumulate(r, inner.col_sum(inner.mul(g, x.value)));
        },
        x, r);
  }
  Tensor sub_col(const Tensor& x, const Tensor& c) {
    return record(
        inner.sub_col(x.value, c.value),
        [=, this](const Inner& g) {
          accumulate(x, g);
          accumulate(c, inner.scale(inner.centring_sum(inner.row_sum(g)), {-1}));
        },
        x, c);
  }
  Tensor mul_col(const Tensor& x, const Tensor& c) {
    return record(
        inner.mul_col(x.value, c.value),
        [=, this](const Inner& g) {
          if (depends(x)) accumulate(x, inner.mul_col(g, c.value));
          if (depends(c)) accumulate(c, inner.row_sum(inner.mul(g, inner.saved(*x.value))));
        },
        x, c);
  }
  Tensor row_sum(const Tensor& x) {
    return record(
        inner.row_sum(x.value),
        [=, this](const Inner& g) {
          const Inner zero = inner.zeros(rows(x), cols(x));
          accumulate(x, inner.sub_col(zero, inner.scale(g, {-1})));
        },
        x);
  }
  Tensor col_sum(const Tensor& x) {
    return record(
        inner.col_sum(x.value),
        [=, this](const Inner& g) { accumulate(x, inner.add_row(inner.zeros(rows(x), cols(x)), g)); }, x);
  }
  Tensor divide(const Tensor& x, int n) {
    return record(
        inner.divide(x.value, n), [=, this](const Inner& g) { accumulate(x, inner.divide(g, n)); }, x);
  }

  // The same of functions: the cotangent times f'(x). The n-th derivative of an activation, n = 0 or 1: A
  // then gives the next one. `above` and constants have no gradient; store stores the value, and in the
  // backward pass its cotangent.
  Tensor rsqrt(const Tensor& x) {
    const Shared<Inner> r = inner.rsqrt(x.value);
    return chain(x, r, [=, this] { return inner.scale(inner.mul(inner.mul(r, r), r), {-0.5}); });
  }
  Tensor reciprocal(const Tensor& x) {
    const Shared<Inner> r = inner.reciprocal(x.value);
    return chain(x, r, [=, this] { return inner.scale(inner.mul(r, r), {-1}); });
  }
  Tensor exp(const Tensor& x) {
    const Shared<Inner> e = inner.exp(x.value);
    return chain(x, e, [=]() -> const Inner& { return e; });
  }
  Tensor tanh(const Tensor& x) {
    const Shared<Inner> t = inner.tanh(x.value);
    return chain(x, t, [=, this] { return inner.add_scalar(inner.scale(inner.mul(t, t), {-1}), {1}); });
  }
  Tensor maximum(const Tensor& x, Exact c) {
    return chain(x, inner.maximum(x.value, c), [=, this] { return inner.above(x.value, c); });
  }
  Tensor above(const Tensor& x, Exact c) { return constant(inner.above(x.value, c)); }
  Tensor activation(Activation f, int n, const Tensor& x) {
    return chain(x, inner.activation(f, n, x.value),
                 [=, this] { return inner.activation(f, n + 1, x.value); });
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) {
    const Shared<Inner> p = inner.softmax_rows(x.value, mask);
    return record(
        p,
        [=, this](const Inner& g) { accumulate(x, softmax_derivative<A, Inner>(inner, inner.saved(*p), g)); },
        x);
  }
  Tensor rotate(const Tensor& x, const Rotation& r) {
    return record(
        inner.rotate(x.value, r),
        [=, this](const Inner& g) { accumulate(x, inner.rotate(g, r.transpose())); }, x);
  }
  Tensor take_cols(const Tensor& x, int first, int count) {
    return record(
        inner.take_cols(x.value, first, count), [=, this](const Inner& g) { accumulate(x, g, 0, first); }, x);
  }
  Tensor take_rows(const Tensor& x, int first, int count) {
    return record(
        inner.take_rows(x.value, first, count), [=, this](const Inner& g) { accumulate(x, g, first, 0); }, x);
  }
  Tensor concat_cols(const std::vector<Tensor>& parts) {
    return push(inner.concat_cols(values(parts)), [=, this](const Inner& g) {
      for (int at = 0; const Tensor& p : parts) {
        accumulate(p, inner.take_cols(g, at, cols(p)));
        at += cols(p);
      }
    });
  }
  Tensor concat_rows(const std::vector<Tensor>& parts) {
    return push(inner.concat_rows(values(parts)), [=, this](const Inner& g) {
      for (int at = 0; const Tensor& p : parts) {
        accumulate(p, inner.take_rows(g, at, rows(p)));
        at += rows(p);
      }
    });
  }
  std::vector<int> whole(const Tensor& x) const { return inner.whole(*x.value); }
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) {
    return constant(inner.whole_numbers(rows, cols, entry));
  }
  Tensor zeros(int rows, int cols) { return constant(inner.zeros(rows, cols)); }
  Tensor detach(const Tensor& x) { return constant(x.value); }
  Tensor store(const Tensor& x, const Place& place) {
    if constexpr (stores_as_is<A>)
      return record(
          x.value, [=, this](const Inner& g) { accumulate(x, g); }, x);
    else
      return record(
          inner.store(x.value, place),
          [=, this](const Inner& g) { accumulate(x, inner.store_cotangent(g, place)); }, x);
  }
  template <class Body>
  Tensor component(Component, const char*, const Tensor&, Body body) {
    return body();
  }

 private:
  using Step = std::function<void(const Inner&)>;

  template <class Done>
  std::vector<std::optional<Inner>> play(const Tensor& y, const Inner& cotangent, Done done) {
    gradients_.assign(steps_.size(), std::nullopt);
    accumulate(y, cotangent);
    for (std::size_t i = steps_.size(); i-- > 0;) {
      if (!steps_[i]) continue;
      if (gradients_[i]) steps_[i](*gradients_[i]);
      done(gradients_[i], steps_[i]);
    }
    return std::move(gradients_);
  }

  static bool depends(const Tensor& x) { return x.node != constant_node; }

  Tensor push(Shared<Inner> value, Step step) {
    steps_.push_back(std::move(step));
    return {std::move(value), static_cast<int>(steps_.size()) - 1};
  }
  template <class... Operands>
  Tensor record(Shared<Inner> value, Step step, const Operands&... operands) {
    return (depends(operands) || ...) ? push(std::move(value), std::move(step)) : constant(std::move(value));
  }
  template <class Derivative>
  Tensor chain(const Tensor& x, Shared<Inner> y, Derivative derivative) {
    return record(
        std::move(y), [=, this](const Inner& g) { accumulate(x, inner.mul(g, derivative())); }, x);
  }
  // To the gradient of all of x.
  template <class G>
  void accumulate(const Tensor& x, G&& g) {
    if (!depends(x)) return;
    if (std::optional<Inner>& sum = gradients_[x.node])
      inner.accumulate(*sum, g, 0, 0);
    else
      sum = std::forward<G>(g);
  }
  // To that of the part of x that begins at (row, col).
  void accumulate(const Tensor& x, const Inner& g, int row, int col) {
    if (!depends(x)) return;
    std::optional<Inner>& sum = gradients_[x.node];
    if (!sum) sum = inner.zeros(rows(x), cols(x));
    inner.accumulate(*sum, g, row, col);
  }
  static std::vector<Inner> values(const std::vector<Tensor>& parts) {
    std::vector<Inner> y;
    for (const Tensor& p : parts) y.push_back(p.value);
    return y;
  }

  std::vector<Step> steps_;
  std::vector<std::optional<Inner>> gradients_;
};

static_assert(Algebra<Tape<Plain<double>>>);

}  // namespace plumbline
