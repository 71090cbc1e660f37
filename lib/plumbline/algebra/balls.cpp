#include "plumbline/algebra/balls.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/algebra/ball_product.hpp"
#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/base/parallel.hpp"

namespace plumbline {
namespace {

using F = Function<Ball>;
using M = Matrix<double>;

void put(BallMatrix& y, Eigen::Index i, const Ball& b) {
  y.mid.data()[i] = b.mid;
  y.low.data()[i] = b.low;
  y.rad.data()[i] = b.rad;
}

BallMatrix of_shape(Eigen::Index rows, Eigen::Index cols) {
  return {M(rows, cols), M(rows, cols), M(rows, cols)};
}

// body(row) of each; on so many threads where there is enough to do.
template <class Body>
void for_each_row(Eigen::Index rows, Eigen::Index cols, int threads, const Body& body) {
  const int parts = rows * cols < 4096 ? 1 : int(std::min<Eigen::Index>(rows, 8 * threads));
  in_parallel(parts, threads, [&](int part) {
    for (Eigen::Index i = rows * part / parts; i < rows * (part + 1) / parts; ++i) body(i);
  });
}

// f(row, col, index) of each entry.
template <class G>
BallMatrix filled(const BallMatrix& shape, int threads, const G& f) {
  const Eigen::Index rows = shape.mid.rows(), cols = shape.mid.cols();
  BallMatrix y = of_shape(rows, cols);
  for_each_row(rows, cols, threads, [&](Eigen::Index i) {
    for (Eigen::Index j = 0; j < cols; ++j) put(y, i * cols + j, f(i, j, i * cols + j));
  });
  return y;
}

// The same of all doubles.
template <class G>
BallMatrix moved(const BallMatrix& x, const G& g) {
  if (x.is_exact()) return {g(x.mid)};
  return {g(x.mid), g(x.low), g(x.rad)};
}

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

BallMatrix Balls::matmul(const Tensor& x, const Tensor& y) const {
  return ball_product(x, y, {}, exact_parts, threads);
}
BallMatrix Balls::matmul_by_transpose(const Tensor& x, const Tensor& y) const {
  return ball_product(x, y, {.right = true}, exact_parts, threads);
}
BallMatrix Balls::matmul_of_transpose(const Tensor& x, const Tensor& y) const {
  return ball_product(x, y, {.left = true}, exact_parts, threads);
}

BallMatrix Balls::transpose(const Tensor& x) const {
  return moved(x, [](const M& m) { return M(m.transpose()); });
}

template <class G>
BallMatrix Balls::map(const Tensor& x, const G& f) const {
  return filled(x, threads, [&](Eigen::Index, Eigen::Index, Eigen::Index at) { return f(x.at(at)); });
}

BallMatrix Balls::add(const Tensor& x, const Tensor& y) const {
  return filled(x, threads, [&](auto, auto, auto at) { return x.at(at) + y.at(at); });
}

BallMatrix Balls::sub(const Tensor& x, const Tensor& y) const {
  return filled(x, threads, [&](auto, auto, auto at) { return x.at(at) - y.at(at); });
}

BallMatrix Balls::mul(const Tensor& x, const Tensor& y) const {
  return filled(x, threads, [&](auto, auto, auto at) { return x.at(at) * y.at(at); });
}

BallMatrix Balls::scale(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return a * value; });
}

BallMatrix Balls::add_scalar(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return a + value; });
}

BallMatrix Balls::add_row(const Tensor& x, const Tensor& row) const {
  return filled(x, threads, [&](auto, auto j, auto at) { return x.at(at) + row.at(j); });
}

BallMatrix Balls::mul_row(const Tensor& x, const Tensor& row) const {
  return filled(x, threads, [&](auto, auto j, auto at) { return x.at(at) * row.at(j); });
}

BallMatrix Balls::sub_col(const Tensor& x, const Tensor& col) const {
  return filled(x, threads, [&](auto i, auto, auto at) { return x.at(at) - col.at(i); });
}

BallMatrix Balls::mul_col(const Tensor& x, const Tensor& col) const {
  return filled(x, threads, [&](auto i, auto, auto at) { return x.at(at) * col.at(i); });
}

BallMatrix Balls::row_sum(const Tensor& x) const {
  BallMatrix y = of_shape(x.mid.rows(), 1);
  for (Eigen::Index i = 0; i < x.mid.rows(); ++i) {
    Ball sum = x.at(i, 0);
    for (Eigen::Index j = 1; j < x.mid.cols(); ++j) sum = sum + x.at(i, j);
    put(y, i, sum);
  }
  return y;
}

BallMatrix Balls::col_sum(const Tensor& x) const {
  BallMatrix y = map(take_rows(x, 0, 1), [](Ball a) { return a; });
  for (Eigen::Index i = 1; i < x.mid.rows(); ++i)
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j) put(y, j, y.at(j) + x.at(i, j));
  return y;
}

BallMatrix Balls::divide(const Tensor& x, int n) const {
  return map(x, [by = Ball(n)](Ball a) { return a / by; });
}

BallMatrix Balls::rsqrt(const Tensor& x) const {
  return map(x, [](Ball a) { return F::rsqrt(a); });
}
BallMatrix Balls::reciprocal(const Tensor& x) const {
  return map(x, [](Ball a) { return Ball(1) / a; });
}
BallMatrix Balls::exp(const Tensor& x) const {
  return map(x, [](Ball a) { return F::exp(a); });
}
BallMatrix Balls::tanh(const Tensor& x) const {
  return map(x, [](Ball a) { return F::tanh(a); });
}

BallMatrix Balls::maximum(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return max(a, value); });
}

BallMatrix Balls::above(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return exceeds(a, value); });
}

BallMatrix Balls::activation(Activation f, int derivative, const Tensor& x) const {
  return map(x, [=](Ball a) { return F::activation(f, derivative, a); });
}

// p_j = exp(x_j - log sum exp x), and log sum exp moves no farther than the x that moves farthest. So with
// middles alone log p_j is off by at most the radius of x_j and the largest radius; what the middles' own
// arithmetic loses is in their radii. A single key has weight 1, whatever its score.
BallMatrix Balls::softmax_rows(const Tensor& x, const Mask& mask) const {
  require_sight(mask);
  const Eigen::Index cols = x.mid.cols();
  BallMatrix p{M::Zero(x.mid.rows(), cols), M::Zero(x.mid.rows(), cols), M::Zero(x.mid.rows(), cols)};
  for_each_row(x.mid.rows(), cols, threads, [&](Eigen::Index i) {
    std::vector<Eigen::Index> seen;
    std::vector<Ball> exponentials;
    double shift = -std::numeric_limits<double>::infinity(), most = 0;
    for (Eigen::Index j = 0; j < cols; ++j)
      if (mask.sees(int(i), int(j))) {
        seen.push_back(j);
        shift = std::max(shift, x.mid(i, j));
        most = std::max(most, x.at(i, j).rad);
      }
    Ball total;
    for (const Eigen::Index j : seen) {
      const Ball score = x.at(i, j);
      exponentials.push_back(F::exp(Ball(score.mid, score.low, 0) - Ball(shift)));
      total = total + exponentials.back();
    }
    for (std::size_t k = 0; k < seen.size(); ++k) {
      const double off = Ball::grown(x.at(i, seen[k]).rad + most);
      const Ball weight = exponentials[k] / total;
      const double moved = weight.size() * off * (1 + off);  // e^off - 1 <= off (1 + off) for off <= 1
      put(p, i * cols + seen[k],
          off <= 1 ? Ball(weight.mid, weight.low, Ball::grown(weight.rad + moved)) : Ball::nothing());
    }
    if (seen.size() == 1 && most <= Ball::largest) put(p, i * cols + seen.front(), Ball(1));
  });
  return p;
}

BallMatrix Balls::rotate(const Tensor& x, const Rotation& r) const {
  thread_local BallTurns last;  // heads and passes turn alike
  if (last.cos.mid.rows() != x.mid.rows() || !last.of.has_turns_of(r)) last = turns(r, int(x.mid.rows()));
  BallMatrix y = map(x, [](Ball a) { return a; });
  for (int t = 0; t < rows(x); ++t)
    for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
      const Ball c = last.cos.at(t, pair), s = r.sign < 0 ? -last.sin.at(t, pair) : last.sin.at(t, pair);
      const Ball a = x.at(t, r.first(pair)), b = x.at(t, r.second(pair));
      put(y, t * x.mid.cols() + r.first(pair), a * c - b * s);
      put(y, t * x.mid.cols() + r.second(pair), a * s + b * c);
    }
  return y;
}

BallMatrix Balls::take_cols(const Tensor& x, int first, int count) const {
  return moved(x, [=](const M& m) { return M(m.middleCols(first, count)); });
}

BallMatrix Balls::take_rows(const Tensor& x, int first, int count) const {
  return moved(x, [=](const M& m) { return M(m.middleRows(first, count)); });
}

namespace {

// One of the matrices of each part, by f; what a point lacks is 0.
template <class Part>
std::vector<M> each(const std::vector<BallMatrix>& parts, const Part& f) {
  std::vector<M> out;
  for (const BallMatrix& p : parts)
    out.push_back(f(p).size() ? f(p) : M(M::Zero(p.mid.rows(), p.mid.cols())));
  return out;
}

// All three joined alike.
template <class Join>
BallMatrix joined(const std::vector<BallMatrix>& parts, const Join& join) {
  return {join(each(parts, [](const BallMatrix& p) -> const M& { return p.mid; })),
          join(each(parts, [](const BallMatrix& p) -> const M& { return p.low; })),
          join(each(parts, [](const BallMatrix& p) -> const M& { return p.rad; }))};
}

}  // namespace

BallMatrix Balls::concat_cols(const std::vector<Tensor>& parts) const {
  return joined(parts, [](const std::vector<M>& all) { return Plain<double>().concat_cols(all); });
}

BallMatrix Balls::concat_rows(const std::vector<Tensor>& parts) const {
  return joined(parts, [](const std::vector<M>& all) { return Plain<double>().concat_rows(all); });
}

BallMatrix Balls::whole_numbers(int rows, int cols, const WholeNumber& entry) const {
  return {Plain<double>().whole_numbers(rows, cols, entry)};
}

std::vector<int> Balls::whole(const Tensor& x) const { return Plain<double>().whole(x.mid); }

void Balls::accumulate(Tensor& sum, const Tensor& g, int row, int col) const {
  if (sum.is_exact()) sum.low = sum.rad = M::Zero(sum.mid.rows(), sum.mid.cols());
  for (int i = 0; i < rows(g); ++i)
    for (int j = 0; j < cols(g); ++j) {
      const Eigen::Index at = (row + i) * sum.mid.cols() + col + j;
      put(sum, at, sum.at(at) + g.at(i, j));
    }
}

}  // namespace plumbline
