#include "plumbline/judge/patterns.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

template <class Entry>
M from_entries(const M& shape, Entry entry) {
  M y(shape.rows(), shape.cols());
  for (Eigen::Index i = 0; i < y.rows(); ++i)
    for (Eigen::Index j = 0; j < y.cols(); ++j) y(i, j) = entry(i, j);
  return y;
}

// What stands `down` rows lower and `right` columns further, around the borders.
M rolled(const M& x, Eigen::Index down, Eigen::Index right) {
  return from_entries(x, [&](auto i, auto j) {
    return x((i + down + x.rows()) % x.rows(), (j + right + x.cols()) % x.cols());
  });
}

M row_means(const M& x) { return x.rowwise().mean().replicate(1, x.cols()); }
M col_means(const M& x) { return x.colwise().mean().replicate(x.rows(), 1); }

M standardised(const M& x) {
  const M centred = x - row_means(x);
  return from_entries(x, [&](auto i, auto j) {
    const double size = centred.row(i).norm();
    return size > 0 ? centred(i, j) / size : 0.0;
  });
}

double rms(const M& x) { return x.size() ? x.norm() / std::sqrt(double(x.size())) : 0; }

}  // namespace

Patterns line_patterns(const M& value, const M* x) {
  Patterns p{M::Ones(value.rows(), value.cols()), value};
  if (x) p.push_back(*x);
  return p;
}

Patterns whole_patterns(const M& value, const M* x, int tokens) {
  const Eigen::Index rows = value.rows(), cols = value.cols();
  const auto where = [&](auto condition) {
    return from_entries(value, [&](auto i, auto j) { return condition(i, j) ? value(i, j) : 0.0; });
  };
  Patterns p{M::Ones(rows, cols), value, value.cwiseAbs(), value.array().cube().matrix()};
  if (x) p.insert(p.end(), {*x, standardised(*x), value - *x});
  if (cols > 1) {
    p.insert(p.end(), {rolled(value, 0, -1), rolled(value, 0, 1), row_means(value)});
    const Eigen::Index tail =
        cols - cols % 8 == cols ? cols - 1 : cols - cols % 8;  // what a vector of 8 leaves
    p.push_back(where([&](auto, auto j) { return j == cols - 1; }));
    p.push_back(where([&](auto, auto j) { return j >= tail; }));
    p.push_back(from_entries(value, [&](auto, auto j) { return j >= tail ? 1.0 : 0.0; }));
    p.push_back(where([&](auto, auto j) { return j % 2 == 1; }));
    p.push_back(where([&](auto, auto j) { return 2 * j < cols; }));
  }
  if (rows > 1) {
    p.insert(p.end(), {rolled(value, -1, 0), rolled(value, 1, 0), col_means(value)});
    p.push_back(where([&](auto i, auto) { return i % tokens == 0; }));
    p.push_back(where([&](auto i, auto) { return i % tokens == tokens - 1; }));
    p.push_back(from_entries(value, [&](auto i, auto j) { return double(i % tokens) * value(i, j); }));
  }
  return p;
}

Patterns tap_patterns(const M& u, bool briefly) {
  const double size = rms(u);
  Patterns p{u, M::Constant(u.rows(), u.cols(), size)};
  if (briefly || size == 0) return p;
  p.push_back(u.cwiseAbs());
  p.push_back(u.array().cube().matrix() / (size * size));
  if (u.rows() > 1) {
    M previous = rolled(u, -1, 0) - u;
    previous.row(0).setZero();
    p.push_back(std::move(previous));
  }
  return p;
}

Patterns cotangent_patterns(const M& g) { return {g, row_means(g)}; }

}  // namespace plumbline
