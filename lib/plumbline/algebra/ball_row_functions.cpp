#include <algorithm>

#include "plumbline/algebra/ball_rows.hpp"
#include "plumbline/base/wider.hpp"
#include "plumbline/number/ball_exp.hpp"

namespace plumbline {
namespace {

PLUMBLINE_WIDER void exp_row(const Exponential& table, BallRow x, long n, BallRowOut y) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) put(y, j, exp_ordinary(table, at(x, j)));
}
PLUMBLINE_WIDER void logistic_row(const Exponential& table, BallRow x, long n, BallRowOut y) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) put(y, j, logistic_ordinary(table, at(x, j)));
}

// So many balls that some rows of them stay in the nearest cache.
constexpr long short_row = 128;
struct ShortRow {
  double mid[short_row], low[short_row], rad[short_row];
  operator BallRow() const { return {mid, low, rad}; }
  operator BallRowOut() { return {mid, low, rad}; }
};

// What is gated by the logistic function of c (x + a x^3), or c x where a is 0.
struct Gate {
  Ball c, a;
};
bool is_gated(Activation f) {
  return f == Activation::silu || f == Activation::quick_gelu || f == Activation::gelu_tanh ||
         f == Activation::gelu_bloom;
}
Gate gate_of(Activation f) {
  using F = Function<Ball>;
  if (f == Activation::silu) return {1, 0};
  if (f == Activation::quick_gelu) return {F::quick_gelu_k(), 0};
  return {F::tanh_gelu_c(f), F::tanh_gelu_a()};
}

// g = c (x + a x^3), and slope = c (1 + 3 a x^2).
void argument(const Gate& gate, const BallRow& x, long n, ShortRow& g, ShortRow& slope) {
  using enum RowOperation;
  apply(multiply, x, x, n, slope);
  apply(multiply, slope, gate.a, n, slope);
  apply(multiply, slope, x, n, g);
  apply(add, g, x, n, g);
  apply(multiply, g, gate.c, n, g);
  apply(multiply, slope, Ball(3), n, slope);
  apply(add, slope, Ball(1), n, slope);
  apply(multiply, slope, gate.c, n, slope);
}

// y = x s, or its derivative s + s (1 - s) x g'. Returns whether that holds; n is short_row at most.
bool gated(const Gate& gate, int derivative, const BallRow& x, long n, const BallRowOut& y) {
  using enum RowOperation;
  ShortRow g, s, slope;
  argument(gate, x, n, g, slope);
  for (long j = 0; j < n; ++j)
    if (!is_ordinary(at(g, j))) return false;
  logistic_row(Exponential::table(), g, n, s);
  if (derivative == 0) {
    apply(multiply, x, s, n, y);
    return true;
  }
  apply(multiply, s, Ball(-1), n, g);
  apply(add, g, Ball(1), n, g);
  apply(multiply, g, s, n, g);
  apply(multiply, slope, x, n, slope);
  apply(multiply, slope, g, n, slope);
  apply(add, slope, s, n, y);
  return true;
}

template <class R>
R from(const R& x, long j) {
  return {x.mid + j, x.low + j, x.rad + j};
}

}  // namespace

// What is not ordinary follows by itself.
void exp(const BallRow& x, long n, const BallRowOut& y) {
  exp_row(Exponential::table(), x, n, y);
  for (long j = 0; j < n; ++j)
    if (!is_ordinary(at(x, j))) put(y, j, exp(at(x, j)));
}

void activation(Activation f, int derivative, const BallRow& x, long n, const BallRowOut& y) {
  const bool by_rows = is_gated(f) && derivative < 2;
  const Gate gate = by_rows ? gate_of(f) : Gate();
  for (long first = 0; first < n; first += short_row) {
    const long count = std::min(short_row, n - first);
    const BallRow in = from(x, first);
    const BallRowOut out = from(y, first);
    if (by_rows && gated(gate, derivative, in, count, out)) continue;
    for (long j = 0; j < count; ++j) put(out, j, Function<Ball>::activation(f, derivative, at(in, j)));
  }
}

}  // namespace plumbline
