#include "plumbline/naming/likeness.hpp"

#include <cmath>

#include "plumbline/judge/statistics.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

// Pr of a larger statistic, by Student's t for its logarithm.
double p_of(double found, const std::vector<double>& usual, double guard) {
  const double n = double(usual.size());
  double mean = 0, squares = 0;
  for (double u : usual) mean += u / n;
  for (double u : usual) squares += (u - mean) * (u - mean);
  const double deviation = std::max(least_deviation, std::sqrt(squares / (n - 1)));
  return t_tail((found - mean - std::log(guard)) / (deviation * std::sqrt(1 + 1 / n)), n - 1);
}

}  // namespace

Likeness::Likeness(const Matrix<double>& value, const std::vector<const Matrix<double>*>& errors,
                   Dtype storage) {
  bool finite = value.allFinite();
  for (const Matrix<double>* e : errors) finite = finite && e->allFinite();
  if (!finite) throw Error("members overflow here");
  const Grid<double> grid(storage);
  const int half = int(errors.size()) / 2;
  Matrix<double> squares = Matrix<double>::Zero(value.rows(), value.cols());
  for (int k = 0; k < half; ++k) squares += errors[k]->cwiseAbs2() / half;
  for (const Matrix<double>* e : errors)
    if (e->size()) largest_error_ = std::max(largest_error_, e->cwiseAbs().maxCoeff());
  const bool is_zero = value.size() == 0 || value.cwiseAbs().maxCoeff() <= largest_error_ * no_scale;
  for (Eigen::Index i = 0; i < value.size(); ++i) {
    const double q = value.data()[i] == 0 ? 0 : grid.unit(value.data()[i]);
    squares.data()[i] = std::max(squares.data()[i], q * q / 12);
  }
  const Eigen::VectorXd rows = squares.rowwise().mean();
  const Eigen::RowVectorXd cols = squares.colwise().mean();
  const double mean = squares.size() ? squares.mean() : 0;
  const Matrix<double> prior = mean > 0 ? Matrix<double>(rows * cols / mean) : squares;
  const Moderated m = moderated({squares.data(), std::size_t(squares.size())},
                                {prior.data(), std::size_t(prior.size())}, half);
  sigma_ = Matrix<double>::Zero(value.rows(), value.cols());
  for (Eigen::Index i = 0; i < value.size(); ++i)
    if (!is_zero && squares.data()[i] > 0) sigma_.data()[i] = std::sqrt(m.variance[i]);
  for (int k = half; k < int(errors.size()); ++k) usual_.push_back(statistics(*errors[k]));
}

Likeness::Statistics Likeness::statistics(const Matrix<double>& error) const {
  double largest = 0, mean_square = 0;
  int n = 0;
  for (Eigen::Index i = 0; i < error.size(); ++i) {
    if (!(sigma_.data()[i] > 0)) continue;
    const double z = error.data()[i] / sigma_.data()[i];
    largest = std::max(largest, std::abs(z));
    mean_square += z * z;
    ++n;
  }
  constexpr double least = 1e-30;
  return {std::log(std::max(largest, least)), std::log(std::max(mean_square / std::max(n, 1), least)) / 2};
}

double Likeness::p(const Matrix<double>& error, double guard) const {
  if (!error.allFinite()) return 0;
  for (Eigen::Index i = 0; i < error.size(); ++i)
    if (!(sigma_.data()[i] > 0) && std::abs(error.data()[i]) > far_beyond * largest_error_) return 0;
  const Statistics found = statistics(error);
  std::vector<double> largest, mean_square;
  for (const Statistics& u : usual_) {
    largest.push_back(u.largest);
    mean_square.push_back(u.mean_square);
  }
  return 2 * std::min(p_of(found.largest, largest, guard), p_of(found.mean_square, mean_square, guard));
}

}  // namespace plumbline
