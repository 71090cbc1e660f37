// Operations as code writes them by hand, wrongly: over any algebra. `numbers`: what an input is, without its
// derivative; `constant` makes a tensor of numbers. Included only where Slipping is instantiated.
#pragma once

#include <cmath>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/naming/activations.hpp"
#include "plumbline/naming/norm_backward.hpp"
#include "plumbline/naming/turning.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline::detail {

// What a norm computed forward: x (or x - mean x), n and r; its gain, as ones where it has none.
struct NormNumbers {
  Matrix<double> input, centred, n, r;  // [rows, d] three times, [rows, 1]
  Matrix<double> gain;                  // [1, d]
  bool centres = false;
};

inline Matrix<double> changed_scale(const NormBackward& b, const Matrix<double>& r) {
  using S = NormBackward::Scale;
  const Grid<double> bf16(Dtype::bf16);
  return r.unaryExpr([&](double v) {
    switch (b.scale) {
      case S::right: return v;
      case S::missing: return 1.0;
      case S::squared: return v * v;
      case S::cubed: return v * v * v;
      case S::inverse: return 1 / v;
      case S::inverse_squared: return 1 / (v * v);
      case S::in_bfloat16: return bf16.nearest(v);
    }
    return v;
  });
}

inline Matrix<double> normalized_again(const NormNumbers& s) {
  Matrix<double> y = s.n;
  for (int i = 0; i < y.rows(); ++i) {
    const double mean_square = s.n.row(i).squaredNorm() / double(y.cols());
    const double eps = 1 / (s.r(i, 0) * s.r(i, 0)) - s.centred.row(i).squaredNorm() / double(y.cols());
    y.row(i) /= std::sqrt(mean_square + std::max(eps, 0.0));
  }
  return y;
}

inline Matrix<double> factor(NormBackward::Factor f, const NormBackward& b, const NormNumbers& s) {
  using F = NormBackward::Factor;
  const auto by_rows = [](Matrix<double> x, const Matrix<double>& col) {
    for (int i = 0; i < x.rows(); ++i) x.row(i) *= col(i, 0);
    return x;
  };
  switch (f) {
    case F::right: return s.n;
    case F::input: return s.input;
    case F::centred: return s.centred;
    case F::times_gain: return s.n.cwiseProduct(s.gain.replicate(s.n.rows(), 1));
    case F::renormalised: return normalized_again(s);
    case F::times_r: return by_rows(s.n, s.r);
    case F::of_changed_r: return by_rows(s.centred, changed_scale(b, s.r));
  }
  return s.n;
}

// What the gain's gradient multiplies dy by.
inline Matrix<double> factor_of_gain(const NormBackward& b, const NormNumbers& s) {
  using F = NormBackward::Factor;
  const bool scaled = b.scale != NormBackward::Scale::right;
  return factor(scaled ? F::of_changed_r : b.outer, b, s);
}

// Linear in x, with numbers for all else, so that its derivative is the backward pass: read from its end.
template <class A, class T, class Constant>
T with_backward(A& a, const NormBackward& b, const T& x, const NormNumbers& s, Constant constant) {
  using Mean = NormBackward::Mean;
  const int rows = a.rows(x), d = a.cols(x);
  const auto spread = [&](Mean mean, const T& v) {  // the transpose of v -> mean(v), in every channel
    T sum = a.row_sum(v);
    if (mean == Mean::summed_over_rows || mean == Mean::averaged_over_rows) {
      if (rows > 2048) throw Error("expected fewer rows");
      const double weight = mean == Mean::averaged_over_rows ? 1.0 / rows : 1.0;
      sum = a.matmul(constant(Matrix<double>::Constant(rows, rows, weight)), sum);
    }
    Matrix<double> weights = Matrix<double>::Constant(rows, d, 1.0 / d);
    if (mean == Mean::of_last_tile) {
      if (d <= b.tile) throw Error("expected more channels than a tile");
      weights.leftCols((d - 1) / b.tile * b.tile).setZero();
    }
    if (mean == Mean::twice) weights *= 2;
    if (mean == Mean::halved) weights /= 2;
    if (mean == Mean::summed) weights *= d;
    return a.mul_col(constant(weights), sum);
  };
  const T v = a.mul_col(x, constant(changed_scale(b, s.r)));
  T y = v;
  if (b.first != Mean::right && !s.centres) throw Error("expected a norm that subtracts the mean");
  if (s.centres && b.first != Mean::missing) y = a.sub(y, spread(b.first, v));
  if (b.second != Mean::missing)
    y = a.sub(y, a.mul(constant(factor(b.inner, b, s)),
                       spread(b.second, a.mul(constant(factor(b.outer, b, s)), v))));
  return y;
}

// f(x) with its slope: x times numbers, plus numbers.
template <class A, class T, class Constant>
T activated_otherwise(A& a, const T& x, const Matrix<double>& at, const std::function<double(double)>& f,
                      const std::function<double(double)>& slope, Constant constant) {
  const Matrix<double> slopes = at.unaryExpr(slope);
  const Matrix<double> rest = at.unaryExpr(f) - slopes.cwiseProduct(at);
  return a.add(a.mul(x, constant(slopes)), constant(rest));
}

template <class A, class T, class Constant>
T turned_otherwise(A& a, const T& x, const OtherTurns& other, double c, const Rotation& r,
                   Constant constant) {
  const TurnTables t = turn_tables(other, c, r, a.rows(x), a.cols(x));
  const T crossed = a.matmul(x, constant(t.partner));
  return a.add(a.mul(x, constant(t.direct)), a.mul(crossed, constant(t.crossed)));
}

}  // namespace plumbline::detail
