#include "plumbline/algebra/balls.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/number/product.hpp"

namespace plumbline {
namespace {

constexpr double u = Ball::u;
using F = Function<Ball>;
using M = Matrix<double>;

void put(BallMatrix& y, Eigen::Index i, const Ball& b) {
  y.mid.data()[i] = b.mid;
  y.rad.data()[i] = b.rad;
}

BallMatrix of_shape(Eigen::Index rows, Eigen::Index cols) { return {M(rows, cols), M(rows, cols)}; }

// f of every entry, and of every pair of entries; of an entry and that of a row, or of a column.
template <class G>
BallMatrix map(const BallMatrix& x, const G& f) {
  BallMatrix y = of_shape(x.mid.rows(), x.mid.cols());
  for (Eigen::Index i = 0; i < x.mid.size(); ++i) put(y, i, f(x.at(i)));
  return y;
}
template <class G>
BallMatrix map(const BallMatrix& x, const BallMatrix& other, const G& f) {
  BallMatrix y = of_shape(x.mid.rows(), x.mid.cols());
  for (Eigen::Index i = 0; i < x.mid.size(); ++i) put(y, i, f(x.at(i), other.at(i)));
  return y;
}
template <class G>
BallMatrix map_by_row(const BallMatrix& x, const BallMatrix& row, const G& f) {
  BallMatrix y = of_shape(x.mid.rows(), x.mid.cols());
  for (Eigen::Index i = 0, at = 0; i < x.mid.rows(); ++i)
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j, ++at) put(y, at, f(x.at(at), row.at(j)));
  return y;
}
template <class G>
BallMatrix map_by_col(const BallMatrix& x, const BallMatrix& col, const G& f) {
  BallMatrix y = of_shape(x.mid.rows(), x.mid.cols());
  for (Eigen::Index i = 0, at = 0; i < x.mid.rows(); ++i)
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j, ++at) put(y, at, f(x.at(at), col.at(i)));
  return y;
}

// The same of middles and of radii, where there are some.
template <class G>
BallMatrix moved(const BallMatrix& x, const G& g) {
  return {g(x.mid), x.is_exact() ? M() : M(g(x.rad))};
}

// Sums are of at most so many numbers that n u is small.
double gamma(double n) { return n * u / (1 - n * u) * (1 + 4 * u); }

// Upper bounds of the Euclidean norms of rows, or of columns. A square may be lost below the normal range: 2^-1074 each.
std::vector<double> norms(const M& x, bool of_rows) {
  std::vector<double> squares(std::size_t(of_rows ? x.rows() : x.cols()), 0.0);
  if (of_rows)
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      const double* row = x.data() + i * x.cols();
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (Eigen::Index j = 0; j < x.cols(); ++j) sum += row[j] * row[j];
      squares[std::size_t(i)] = sum;
    }
  else
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      const double* row = x.data() + i * x.cols();
      double* sums = squares.data();
#pragma omp simd
      for (Eigen::Index j = 0; j < x.cols(); ++j) sums[j] += row[j] * row[j];
    }
  const double terms = double(of_rows ? x.cols() : x.rows());
  for (double& s : squares) s = std::sqrt(s * (1 + 2 * gamma(terms)) + terms * 0x1p-1074) * (1 + 4 * u);
  return squares;
}

// What the radii of a factor add up to, 0 for points.
std::vector<double> radius_norms(const BallMatrix& x, bool of_rows) {
  return x.is_exact() ? std::vector<double>(std::size_t(of_rows ? x.mid.rows() : x.mid.cols()), 0.0)
                      : norms(x.rad, of_rows);
}

// The product of whose middles `mid` was computed, as sums of `terms` products.
BallMatrix with_radii(M mid, double terms, const std::vector<double>& x, const std::vector<double>& r,
                      const std::vector<double>& y, const std::vector<double>& s) {
  M rad(mid.rows(), mid.cols());
  const double g = gamma(terms), lost = terms * 0x1p-1074;
  std::vector<double> by_x(y.size()), by_r(y.size());
  for (std::size_t j = 0; j < y.size(); ++j) by_x[j] = g * y[j] + s[j], by_r[j] = y[j] + s[j];
  for (Eigen::Index i = 0; i < mid.rows(); ++i) {
    double* row = rad.data() + i * rad.cols();
    const double xi = x[std::size_t(i)], ri = r[std::size_t(i)];
    for (Eigen::Index j = 0; j < mid.cols(); ++j)
      row[j] = Ball::grown(xi * by_x[std::size_t(j)] + ri * by_r[std::size_t(j)] + lost);
  }
  BallMatrix z{std::move(mid), std::move(rad)};
  for (Eigen::Index i = 0; i < z.mid.size(); ++i)  // where something is no number, nothing is proved
    if (!(std::abs(z.mid.data()[i]) <= Ball::largest) || !(z.rad.data()[i] <= Ball::largest)) put(z, i, Ball::nothing());
  return z;
}

// A sum of n balls, one by one.
struct Sum {
  double mid = 0, rad = 0, size = 0;
  int terms = 0;
  void add(const Ball& b) {
    mid += b.mid;
    rad += b.rad;
    size += std::abs(b.mid);
    ++terms;
  }
  // The radii's sum loses gamma of itself too.
  Ball ball() const {
    if (terms == 1) return {mid, rad};
    const double g = gamma(terms);
    return {mid, Ball::grown(rad * (1 + 2 * g) + g * size * (1 + 2 * g))};
  }
};

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
    for (int t = 0; t < rows; ++t) std::tie(c(t, pair), s(t, pair)) = I::turn(r.first_position + t, frequency);
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
  return with_radii(product(x.mid, y.mid, threads), double(x.mid.cols()), norms(x.mid, true), radius_norms(x, true),
                    norms(y.mid, false), radius_norms(y, false));
}

BallMatrix Balls::matmul_by_transpose(const Tensor& x, const Tensor& y) const {
  return with_radii(product_by_transpose(x.mid, y.mid, threads), double(x.mid.cols()), norms(x.mid, true),
                    radius_norms(x, true), norms(y.mid, true), radius_norms(y, true));
}

BallMatrix Balls::matmul_of_transpose(const Tensor& x, const Tensor& y) const {
  return with_radii(product_of_transpose(x.mid, y.mid, threads), double(x.mid.rows()), norms(x.mid, false),
                    radius_norms(x, false), norms(y.mid, false), radius_norms(y, false));
}

BallMatrix Balls::transpose(const Tensor& x) const {
  return moved(x, [](const M& m) { return M(m.transpose()); });
}

BallMatrix Balls::add(const Tensor& x, const Tensor& y) const {
  return map(x, y, [](Ball a, Ball b) { return a + b; });
}

BallMatrix Balls::sub(const Tensor& x, const Tensor& y) const {
  return map(x, y, [](Ball a, Ball b) { return a - b; });
}

BallMatrix Balls::mul(const Tensor& x, const Tensor& y) const {
  return map(x, y, [](Ball a, Ball b) { return a * b; });
}

BallMatrix Balls::scale(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return a * value; });
}

BallMatrix Balls::add_scalar(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return a + value; });
}

BallMatrix Balls::add_row(const Tensor& x, const Tensor& row) const {
  return map_by_row(x, row, [](Ball a, Ball b) { return a + b; });
}

BallMatrix Balls::mul_row(const Tensor& x, const Tensor& row) const {
  return map_by_row(x, row, [](Ball a, Ball b) { return a * b; });
}

BallMatrix Balls::sub_col(const Tensor& x, const Tensor& col) const {
  return map_by_col(x, col, [](Ball a, Ball b) { return a - b; });
}

BallMatrix Balls::mul_col(const Tensor& x, const Tensor& col) const {
  return map_by_col(x, col, [](Ball a, Ball b) { return a * b; });
}

BallMatrix Balls::row_sum(const Tensor& x) const {
  BallMatrix y = of_shape(x.mid.rows(), 1);
  for (Eigen::Index i = 0; i < x.mid.rows(); ++i) {
    Sum sum;
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j) sum.add(x.at(i, j));
    put(y, i, sum.ball());
  }
  return y;
}

BallMatrix Balls::col_sum(const Tensor& x) const {
  std::vector<Sum> sums(std::size_t(x.mid.cols()));
  for (Eigen::Index i = 0; i < x.mid.rows(); ++i)
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j) sums[std::size_t(j)].add(x.at(i, j));
  BallMatrix y = of_shape(1, x.mid.cols());
  for (Eigen::Index j = 0; j < x.mid.cols(); ++j) put(y, j, sums[std::size_t(j)].ball());
  return y;
}

BallMatrix Balls::divide(const Tensor& x, int n) const {
  return map(x, [by = Ball(n)](Ball a) { return a / by; });
}

BallMatrix Balls::rsqrt(const Tensor& x) const { return map(x, [](Ball a) { return F::rsqrt(a); }); }
BallMatrix Balls::reciprocal(const Tensor& x) const { return map(x, [](Ball a) { return Ball(1) / a; }); }
BallMatrix Balls::exp(const Tensor& x) const { return map(x, [](Ball a) { return plumbline::exp(a); }); }
BallMatrix Balls::tanh(const Tensor& x) const { return map(x, [](Ball a) { return plumbline::tanh(a); }); }

BallMatrix Balls::maximum(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return max(a, value); });
}

BallMatrix Balls::above(const Tensor& x, Exact c) const {
  return map(x, [value = F::value(c)](Ball a) { return exceeds(a, value); });
}

BallMatrix Balls::activation(Activation f, int derivative, const Tensor& x) const {
  return map(x, [=](Ball a) { return F::activation(f, derivative, a); });
}

// p_j = exp(x_j - log sum exp x), and log sum exp moves no farther than the x that moves farthest. So log p_j is off by
// at most d_j + max d + e, with d_j how far x_j - shift is off, and e what two exponentials, a sum of n and a quotient
// lose. A single key has weight 1, whatever its score.
BallMatrix Balls::softmax_rows(const Tensor& x, const Mask& mask) const {
  require_sight(mask);
  BallMatrix p{M::Zero(x.mid.rows(), x.mid.cols()), M::Zero(x.mid.rows(), x.mid.cols())};
  std::vector<Eigen::Index> seen;
  for (Eigen::Index i = 0; i < x.mid.rows(); ++i) {
    seen.clear();
    double shift = -std::numeric_limits<double>::infinity(), most = 0, total = 0;
    for (Eigen::Index j = 0; j < x.mid.cols(); ++j)
      if (mask.sees(int(i), int(j))) {
        seen.push_back(j);
        shift = std::max(shift, x.mid(i, j));
      }
    const auto off = [&](Eigen::Index j) { return x.at(i, j).rad + u * std::abs(x.mid(i, j) - shift); };
    for (const Eigen::Index j : seen) {
      const double exponent = x.mid(i, j) - shift;
      p.mid(i, j) = exponent < -700 ? 0 : exponent == 0 ? 1 : exp_near(exponent);
      total += p.mid(i, j);
      most = std::max(most, off(j));
    }
    const double lost = 2 * exp_error * (1 + exp_error) + gamma(double(seen.size()) + 4) * 2;
    for (const Eigen::Index j : seen) {
      const double e = Ball::grown(off(j) + most + lost);
      const double value = p.mid(i, j) / total;
      // exponentials below e^-700 were left out of a sum that is at least 1; what they add is within `lost`
      const double radius = value == 0 ? 0x1p-900 : value * e * (1 + e);
      put(p, i * x.mid.cols() + j, e <= 1 ? Ball(value, Ball::grown(radius)) : Ball::nothing());
    }
    if (seen.size() == 1 && x.at(i, seen.front()).is_bounded()) put(p, i * x.mid.cols() + seen.front(), Ball(1));
  }
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

// Middles and radii of all parts; radii of 0 for points.
std::pair<std::vector<M>, std::vector<M>> apart(const std::vector<BallMatrix>& parts) {
  std::pair<std::vector<M>, std::vector<M>> out;
  for (const BallMatrix& p : parts) {
    out.first.push_back(p.mid);
    out.second.push_back(p.is_exact() ? M(M::Zero(p.mid.rows(), p.mid.cols())) : p.rad);
  }
  return out;
}

}  // namespace

BallMatrix Balls::concat_cols(const std::vector<Tensor>& parts) const {
  const auto [mid, rad] = apart(parts);
  return {Plain<double>().concat_cols(mid), Plain<double>().concat_cols(rad)};
}

BallMatrix Balls::concat_rows(const std::vector<Tensor>& parts) const {
  const auto [mid, rad] = apart(parts);
  return {Plain<double>().concat_rows(mid), Plain<double>().concat_rows(rad)};
}

BallMatrix Balls::whole_numbers(int rows, int cols, const WholeNumber& entry) const {
  return {Plain<double>().whole_numbers(rows, cols, entry), {}};
}

std::vector<int> Balls::whole(const Tensor& x) const { return Plain<double>().whole(x.mid); }

void Balls::accumulate(Tensor& sum, const Tensor& g, int row, int col) const {
  if (sum.is_exact()) sum.rad = M::Zero(sum.mid.rows(), sum.mid.cols());
  for (int i = 0; i < rows(g); ++i)
    for (int j = 0; j < cols(g); ++j) {
      const Eigen::Index at = (row + i) * sum.mid.cols() + col + j;
      put(sum, at, sum.at(at) + g.at(i, j));
    }
}

}  // namespace plumbline
