// Matrices of balls, filled entry by entry or row by row on several threads.
#pragma once

#include <algorithm>
#include <vector>

#include "plumbline/algebra/ball_rows.hpp"
#include "plumbline/algebra/balls.hpp"
#include "plumbline/base/parallel.hpp"

namespace plumbline {

// y's entry of that index; a matrix whose balls are put in then.
inline void put(BallMatrix& y, Eigen::Index i, const Ball& b) {
  y.mid.data()[i] = b.mid;
  y.low.data()[i] = b.low;
  y.rad.data()[i] = b.rad;
}
inline BallMatrix of_shape(Eigen::Index rows, Eigen::Index cols) {
  return {Matrix<double>(rows, cols), Matrix<double>(rows, cols), Matrix<double>(rows, cols)};
}

// body(row) of each; on so many threads where there is enough to do.
template <class Body>
void for_each_row(Eigen::Index rows, Eigen::Index cols, int threads, const Body& body) {
  const int parts = rows * cols < 4096 ? 1 : int(std::min<Eigen::Index>(rows, 8 * threads));
  in_parallel(parts, threads, [&](int part) {
    for (Eigen::Index i = rows * part / parts; i < rows * (part + 1) / parts; ++i) body(i);
  });
}

// f(ball) of each entry.
template <class F>
BallMatrix entry_by_entry(const BallMatrix& x, int threads, const F& f) {
  const Eigen::Index rows = x.mid.rows(), cols = x.mid.cols();
  BallMatrix y = of_shape(rows, cols);
  for_each_row(rows, cols, threads, [&](Eigen::Index i) {
    for (Eigen::Index j = i * cols; j < (i + 1) * cols; ++j) put(y, j, f(x.at(j)));
  });
  return y;
}

// x, its points as balls too.
inline BallMatrix with_radii(BallMatrix x) {
  if (x.is_exact()) x.low = x.rad = Matrix<double>::Zero(x.mid.rows(), x.mid.cols());
  return x;
}

// A row of a matrix from index `at` on; zeros stand for what points lack.
inline BallRow row_at(const BallMatrix& x, Eigen::Index at, const std::vector<double>& zeros) {
  return x.is_exact() ? BallRow{x.mid.data() + at, zeros.data(), zeros.data()}
                      : BallRow{x.mid.data() + at, x.low.data() + at, x.rad.data() + at};
}
inline BallRowOut row_at(BallMatrix& y, Eigen::Index at) {
  return {y.mid.data() + at, y.low.data() + at, y.rad.data() + at};
}

// body(row of x, row number, where the row goes) of each row.
template <class Body>
BallMatrix row_by_row(const BallMatrix& x, int threads, const Body& body) {
  const Eigen::Index rows = x.mid.rows(), cols = x.mid.cols();
  const std::vector<double> zeros(std::size_t(cols), 0.0);
  BallMatrix y = of_shape(rows, cols);
  for_each_row(rows, cols, threads,
               [&](Eigen::Index i) { body(row_at(x, i * cols, zeros), i, row_at(y, i * cols)); });
  return y;
}

}  // namespace plumbline
