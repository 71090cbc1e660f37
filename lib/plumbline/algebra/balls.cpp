#include "plumbline/algebra/balls.hpp"

#include "plumbline/algebra/ball_matrices.hpp"
#include "plumbline/algebra/ball_product.hpp"
#include "plumbline/algebra/plain_impl.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

// x op y, entry by entry; with a row, or a column, or one ball for all of y.
BallMatrix by_entries(RowOperation op, const BallMatrix& x, const BallMatrix& y, int threads) {
  const Eigen::Index cols = x.mid.cols();
  const std::vector<double> zeros(std::size_t(cols), 0.0);
  return row_by_row(x, threads, [&](const BallRow& row, Eigen::Index i, const BallRowOut& to) {
    apply(op, row, row_at(y, i * cols, zeros), cols, to);
  });
}
BallMatrix by_row(RowOperation op, const BallMatrix& x, const BallMatrix& row, int threads) {
  const Eigen::Index cols = x.mid.cols();
  const std::vector<double> zeros(std::size_t(cols), 0.0);
  return row_by_row(x, threads, [&](const BallRow& of_x, Eigen::Index, const BallRowOut& to) {
    apply(op, of_x, row_at(row, 0, zeros), cols, to);
  });
}
BallMatrix by_column(RowOperation op, const BallMatrix& x, const BallMatrix& column, int threads) {
  return row_by_row(x, threads, [&](const BallRow& row, Eigen::Index i, const BallRowOut& to) {
    apply(op, row, column.at(i), x.mid.cols(), to);
  });
}
BallMatrix by_ball(RowOperation op, const BallMatrix& x, const Ball& b, int threads) {
  return row_by_row(x, threads, [&](const BallRow& row, Eigen::Index, const BallRowOut& to) {
    apply(op, row, b, x.mid.cols(), to);
  });
}

// The same of all doubles.
template <class G>
BallMatrix moved(const BallMatrix& x, const G& g) {
  if (x.is_exact()) return {g(x.mid)};
  return {g(x.mid), g(x.low), g(x.rad)};
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

BallMatrix Balls::add(const Tensor& x, const Tensor& y) const {
  return by_entries(RowOperation::add, x, y, threads);
}

BallMatrix Balls::sub(const Tensor& x, const Tensor& y) const {
  return by_entries(RowOperation::subtract, x, y, threads);
}

BallMatrix Balls::mul(const Tensor& x, const Tensor& y) const {
  return by_entries(RowOperation::multiply, x, y, threads);
}

BallMatrix Balls::scale(const Tensor& x, Exact c) const {
  return by_ball(RowOperation::multiply, x, Function<Ball>::value(c), threads);
}

BallMatrix Balls::add_scalar(const Tensor& x, Exact c) const {
  return by_ball(RowOperation::add, x, Function<Ball>::value(c), threads);
}

BallMatrix Balls::add_row(const Tensor& x, const Tensor& row) const {
  return by_row(RowOperation::add, x, row, threads);
}

BallMatrix Balls::mul_row(const Tensor& x, const Tensor& row) const {
  return by_row(RowOperation::multiply, x, row, threads);
}

BallMatrix Balls::sub_col(const Tensor& x, const Tensor& col) const {
  return by_column(RowOperation::subtract, x, col, threads);
}

BallMatrix Balls::mul_col(const Tensor& x, const Tensor& col) const {
  return by_column(RowOperation::multiply, x, col, threads);
}

BallMatrix Balls::row_sum(const Tensor& x) const {
  const Eigen::Index rows = x.mid.rows(), cols = x.mid.cols();
  BallMatrix y = of_shape(rows, 1);
  for_each_row(rows, cols, threads, [&](Eigen::Index i) {
    BallMatrix row = with_radii(take_rows(x, int(i), 1));
    sum_in_place(row_at(row, 0), cols);
    put(y, i, row.at(0));
  });
  return y;
}

BallMatrix Balls::col_sum(const Tensor& x) const {
  BallMatrix y = with_radii(take_rows(x, 0, 1));
  const Eigen::Index cols = x.mid.cols();
  const std::vector<double> zeros(std::size_t(cols), 0.0);
  for (Eigen::Index i = 1; i < x.mid.rows(); ++i)
    apply(RowOperation::add, row_at(y, 0, zeros), row_at(x, i * cols, zeros), cols, row_at(y, 0));
  return y;
}

BallMatrix Balls::divide(const Tensor& x, int n) const {
  return by_ball(RowOperation::divide, x, Ball(n), threads);
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
  sum = with_radii(std::move(sum));
  const std::vector<double> zeros(std::size_t(cols(g)), 0.0);
  for_each_row(rows(g), cols(g), threads, [&](Eigen::Index i) {
    const Eigen::Index at = (row + i) * sum.mid.cols() + col;
    apply(RowOperation::add, row_at(sum, at, zeros), row_at(g, i * g.mid.cols(), zeros), cols(g),
          row_at(sum, at));
  });
}

}  // namespace plumbline
