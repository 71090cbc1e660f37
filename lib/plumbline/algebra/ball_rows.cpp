#include "plumbline/algebra/ball_rows.hpp"

namespace plumbline {
namespace {

PLUMBLINE_INLINE Ball at(const Ball& b, long) { return b; }

template <RowOperation op>
PLUMBLINE_INLINE Ball of_two(const Ball& a, const Ball& b) {
  if constexpr (op == RowOperation::add) return a + b;
  if constexpr (op == RowOperation::subtract) return a - b;
  if constexpr (op == RowOperation::multiply) return a * b;
  return a / b;
}

template <RowOperation op, class B>
PLUMBLINE_INLINE void row_of(BallRow a, B b, long n, BallRowOut y) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) put(y, j, of_two<op>(at(a, j), at(b, j)));
}

template <class B>
PLUMBLINE_INLINE void row_of(RowOperation op, const BallRow& a, const B& b, long n, const BallRowOut& y) {
  switch (op) {
    case RowOperation::add: return row_of<RowOperation::add>(a, b, n, y);
    case RowOperation::subtract: return row_of<RowOperation::subtract>(a, b, n, y);
    case RowOperation::multiply: return row_of<RowOperation::multiply>(a, b, n, y);
    case RowOperation::divide: return row_of<RowOperation::divide>(a, b, n, y);
  }
}

PLUMBLINE_WIDER void row_by_row(RowOperation op, const BallRow& a, const BallRow& b, long n,
                                const BallRowOut& y) {
  row_of(op, a, b, n, y);
}
PLUMBLINE_WIDER void row_by_ball(RowOperation op, const BallRow& a, const Ball& b, long n,
                                 const BallRowOut& y) {
  row_of(op, a, b, n, y);
}

}  // namespace

void apply(RowOperation op, const BallRow& a, const BallRow& b, long n, const BallRowOut& y) {
  row_by_row(op, a, b, n, y);
}

void apply(RowOperation op, const BallRow& a, const Ball& b, long n, const BallRowOut& y) {
  row_by_ball(op, a, b, n, y);
}

void sum_in_place(const BallRowOut& a, long n) {
  while (n > 1) {
    const long half = n / 2, rest = n - half;  // the last `half` are added to the first ones
    const BallRow first{a.mid, a.low, a.rad}, last{a.mid + rest, a.low + rest, a.rad + rest};
    apply(RowOperation::add, first, last, half, a);
    n = rest;
  }
}

}  // namespace plumbline
