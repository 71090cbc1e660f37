// Arithmetic on rows of balls, vectors of them at a time.
#pragma once

#include "plumbline/base/wider.hpp"
#include "plumbline/number/ball.hpp"

namespace plumbline {

// Balls one behind the other; where they are written to.
struct BallRow {
  const double *mid, *low, *rad;
};
struct BallRowOut {
  double *mid, *low, *rad;
};
PLUMBLINE_INLINE Ball at(const BallRow& x, long j) {
  Ball b;
  b.mid = x.mid[j], b.low = x.low[j], b.rad = x.rad[j];
  return b;
}
PLUMBLINE_INLINE void put(const BallRowOut& y, long j, const Ball& b) {
  y.mid[j] = b.mid, y.low[j] = b.low, y.rad[j] = b.rad;
}

// y_j = a_j op b_j, or a_j op b, of n balls each, as the operators of Ball have it; y may be an operand.
enum class RowOperation { add, subtract, multiply, divide };
void apply(RowOperation op, const BallRow& a, const BallRow& b, long n, const BallRowOut& y);
void apply(RowOperation op, const BallRow& a, const Ball& b, long n, const BallRowOut& y);

// a_0 = their sum, of n >= 1 balls, in pairs: what is written to the others is of no use.
void sum_in_place(const BallRowOut& a, long n);

// y_j = e^(x_j), and the activation or a derivative of it; y is not x.
void exp(const BallRow& x, long n, const BallRowOut& y);
void activation(Activation f, int derivative, const BallRow& x, long n, const BallRowOut& y);

}  // namespace plumbline
