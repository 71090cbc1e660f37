#include <tuple>
#include <utility>

#include "plumbline/algebra/ball_matrices.hpp"
#include "plumbline/algebra/plain_impl.hpp"

namespace plumbline {
namespace {

using F = Function<Ball>;
using M = Matrix<double>;

// The table that every head and pass reads.
struct BallTurns {
  Rotation of;
  BallMatrix cos, sin;
};

BallMatrix from_enclosures(const Matrix<Interval60>& x) {
  BallMatrix y = of_shape(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) put(y, i, ball_of(x.data()[i]));
  return y;
}

BallTurns turns(const Rotation& r, int rows) {
  using I = Function<Interval60>;
  Matrix<Interval60> c(rows, r.rotary_dim / 2), s(rows, r.rotary_dim / 2);
  for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
    Interval60 frequency = I::frequency(pair, r.exponent_dim, r.base);
    if (r.scaling) frequency = I::scaled(*r.scaling, frequency, pair, r.exponent_dim, r.base, rows);
    for (int t = 0; t < rows; ++t)
      std::tie(c(t, pair), s(t, pair)) = I::turn(r.first_position + t, frequency);
  }
  if (r.has_amplitude()) {
    const Interval60 amplitude = I::amplitude(*r.scaling);
    c *= amplitude;
    s *= amplitude;
  }
  return {r, from_enclosures(c), from_enclosures(s)};
}

}  // namespace

BallMatrix Balls::rsqrt(const Tensor& x) const {
  return entry_by_entry(x, threads, [](Ball a) { return F::rsqrt(a); });
}
BallMatrix Balls::reciprocal(const Tensor& x) const {
  return entry_by_entry(x, threads, [](Ball a) { return Ball(1) / a; });
}
BallMatrix Balls::exp(const Tensor& x) const {
  return row_by_row(x, threads, [&](const BallRow& row, Eigen::Index, const BallRowOut& to) {
    plumbline::exp(row, x.mid.cols(), to);
  });
}
BallMatrix Balls::tanh(const Tensor& x) const {
  return entry_by_entry(x, threads, [](Ball a) { return F::tanh(a); });
}

BallMatrix Balls::maximum(const Tensor& x, Exact c) const {
  return entry_by_entry(x, threads, [value = F::value(c)](Ball a) { return max(a, value); });
}

BallMatrix Balls::above(const Tensor& x, Exact c) const {
  return entry_by_entry(x, threads, [value = F::value(c)](Ball a) { return exceeds(a, value); });
}

BallMatrix Balls::activation(Activation f, int derivative, const Tensor& x) const {
  return row_by_row(x, threads, [&](const BallRow& row, Eigen::Index, const BallRowOut& to) {
    plumbline::activation(f, derivative, row, x.mid.cols(), to);
  });
}

namespace {

// The middles of the entries of a row that are seen, as points; and the largest radius of those.
struct Scores {
  std::vector<Eigen::Index> seen;
  BallMatrix middle;
  double largest_radius = 0;

  Scores(const BallMatrix& x, const Mask& mask, Eigen::Index row) {
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j)
      if (mask.sees(int(row), int(j))) seen.push_back(row * x.mid.cols() + j);
    middle = of_shape(1, Eigen::Index(seen.size()));
    for (std::size_t k = 0; k < seen.size(); ++k) {
      const Ball b = x.at(seen[k]);
      put(middle, Eigen::Index(k), Ball(b.mid, b.low, 0));
      largest_radius = std::max(largest_radius, b.rad);
    }
  }
};

// Of points; what the arithmetic loses is in the radii.
BallMatrix softmax_of_points(const BallMatrix& x) {
  const Eigen::Index n = x.mid.cols();
  const std::vector<double> zeros;
  BallMatrix y = of_shape(1, n), e = y;
  apply(RowOperation::subtract, row_at(x, 0, zeros), Ball(x.mid.maxCoeff()), n, row_at(y, 0));
  exp(row_at(std::as_const(y), 0, zeros), n, row_at(e, 0));
  y = e;
  sum_in_place(row_at(y, 0), n);
  const Ball total = y.at(0);
  apply(RowOperation::divide, row_at(std::as_const(e), 0, zeros), total, n, row_at(e, 0));
  return e;
}

}  // namespace

// p_j = exp(x_j - log sum exp x), and log sum exp moves no farther than the x that moves farthest. So with
// middles alone log p_j is off by at most the radius of x_j and the largest radius; e^off - 1 <= off (1 +
// off) for off <= 1. A single key has weight 1, whatever its score.
BallMatrix Balls::softmax_rows(const Tensor& x, const Mask& mask) const {
  require_sight(mask);
  const Eigen::Index rows = x.mid.rows(), cols = x.mid.cols();
  BallMatrix p{M::Zero(rows, cols), M::Zero(rows, cols), M::Zero(rows, cols)};
  for_each_row(rows, cols, threads, [&](Eigen::Index i) {
    const Scores scores(x, mask, i);
    const BallMatrix weights = softmax_of_points(scores.middle);
    const double most = scores.largest_radius;
    for (std::size_t k = 0; k < scores.seen.size(); ++k) {
      const double off = Ball::grown(x.at(scores.seen[k]).rad + most);
      const Ball weight = weights.at(Eigen::Index(k));
      const double moved = weight.size() * off * (1 + off);
      put(p, scores.seen[k],
          off <= 1 ? Ball(weight.mid, weight.low, Ball::grown(weight.rad + moved)) : Ball::nothing());
    }
    if (scores.seen.size() == 1 && most <= Ball::largest) put(p, scores.seen.front(), Ball(1));
  });
  return p;
}

BallMatrix Balls::rotate(const Tensor& x, const Rotation& r) const {
  thread_local BallTurns last;  // heads and passes turn alike
  if (last.cos.mid.rows() != x.mid.rows() || !last.of.has_turns_of(r)) last = turns(r, int(x.mid.rows()));
  BallMatrix y = with_radii(x);
  for (int t = 0; t < rows(x); ++t)
    for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
      const Ball c = last.cos.at(t, pair), s = r.sign < 0 ? -last.sin.at(t, pair) : last.sin.at(t, pair);
      const Ball a = x.at(t, r.first(pair)), b = x.at(t, r.second(pair));
      put(y, t * x.mid.cols() + r.first(pair), a * c - b * s);
      put(y, t * x.mid.cols() + r.second(pair), a * s + b * c);
    }
  return y;
}

}  // namespace plumbline
