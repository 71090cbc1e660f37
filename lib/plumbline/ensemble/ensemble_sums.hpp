// How Ensemble<S> sums: products of matrices, sums over rows and columns, and how far a sum in some order may
// be from the exact one. Included only where it is instantiated.
#pragma once

#include "plumbline/base/caches.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/ensemble/ensemble.hpp"

namespace plumbline {

template <class S>
S Ensemble<S>::sum_deviation(S sum, S squares, int terms, bool of_products, const Grid<S>& accumulator) {
  const S variance = S(terms + 1) * (squares / S(6) + sum * sum / S(3)) + (of_products ? squares : S(0));
  // half an ulp / sqrt(3) per rounding; almost_normal has the factor 1/sqrt(3) already
  return std::sqrt(variance) * S(accumulator.half_ulp() / 65536);
}

template <class S>
S Ensemble<S>::sum_error(S sum, S deviation, std::uint64_t salt, const Grid<S>& accumulator) const {
  if (to_nearest_ || leaves_out(Term::sums)) return S(0);
  return deviation * S(almost_normal(mixed(accumulator.identity(sum) ^ salt)));
}

template <class S>
S Ensemble<S>::bias_first_error(S sum, S bias, int terms, std::uint64_t salt) const {
  const S variance = S(terms) * bias * bias + S(terms + 1) * bias * sum;
  if (to_nearest_ || !(variance > S(0))) return S(0);
  return std::sqrt(variance) * S(accumulator_.half_ulp() / 65536) *
         S(almost_normal(mixed(accumulator_.identity(sum + bias) ^ salt)));
}

template <class S>
auto Ensemble<S>::sum_as(const Grid<S>& accumulator, Matrix<S> sum) -> Tensor {
  const bool is_coarser = to_nearest_ && accumulator.precision() < kernel_.precision();
  return {rounded(std::move(sum), is_coarser ? accumulator : kernel_)};
}

template <class S>
Matrix<S> Ensemble<S>::as_operand(const Tensor& x) const {
  if (is_of(operands_, x)) return x.value;
  if (!truncates_operands_) return cast_to(operands_, x.value);
  const std::uint64_t salt = mixed(seed_ ^ 0x6f706572616e6473);
  const int side = salt % 2 ? 1 : -1;
  return x.value.unaryExpr([&](S v) { return operands_.truncated(v, side, salt); });
}

template <class S>
auto Ensemble<S>::matmul(const Tensor& x, const Tensor& y, Product product) -> Tensor {
  earlier_sum_error_ = std::move(last_sum_error_);
  if (exact_ || !products_are_coarser()) return summed(x.value, y.value, product);
  Tensor z =
      rounds_operands_ ? summed(as_operand(x), as_operand(y), product) : summed(x.value, y.value, product);
  if (branches_are_coarser()) z = {rounded(std::move(z.value), branches_), branches_.precision(), z.terms};
  last_sum_error_ = z.value - product(x.value, y.value, 1);  // with the errors of the rounded operands
  return z;
}

// Sums of the squares of products. Of large weights no copy is made.
template <class S>
Matrix<S> Ensemble<S>::summed_squares(const Matrix<S>& x, const Matrix<S>& y, Product product) {
  constexpr Eigen::Index at_once = 256;
  const Matrix<S> x2 = x.cwiseAbs2();
  if (product != &product_by_transpose<S> || y.size() < beyond_caches) return product(x2, y.cwiseAbs2(), 1);
  Matrix<S> out(x.rows(), y.rows());
  in_parallel(int((y.rows() + at_once - 1) / at_once), processor_threads(), [&](int part) {
    const Eigen::Index first = part * at_once, count = std::min(at_once, y.rows() - first);
    out.middleCols(first, count) = product(x2, y.middleRows(first, count).cwiseAbs2(), 1);
  });
  return out;
}

template <class S>
auto Ensemble<S>::summed(const Matrix<S>& x, const Matrix<S>& y, Product product) -> Tensor {
  Matrix<S> z = product(x, y, exact_ && y.size() >= beyond_caches ? processor_threads() : 1);
  if (!sums_matter_ || to_nearest_) {
    if (exact_) return {std::move(z)};
    Tensor sum = sum_as(accumulator_, z);
    last_sum_error_ = sum.value - z;
    return sum;
  }
  const int terms = int(product == &product_of_transpose<S> ? x.rows() : x.cols());
  if (exact_) {
    Matrix<S> deviation = summed_squares(x, y, product);  // sums of squares, until the loop has read them
    for (Eigen::Index i = 0; i < z.size(); ++i)
      deviation.data()[i] = sum_deviation(z.data()[i], deviation.data()[i], terms, true, accumulator_);
    run_->sum_deviations.push_back(std::move(deviation));
    return {std::move(z)};
  }
  const Matrix<S>& deviation = run_->sum_deviations.at(next_sum_++);
  Matrix<S> error(z.rows(), z.cols());
  std::uint64_t salt = next_salt();
  const std::uint64_t step = apart();
  for (Eigen::Index i = 0; i < z.size(); ++i, salt += step)
    error.data()[i] = sum_error(z.data()[i], deviation.data()[i], salt, accumulator_);
  z += error;
  last_sum_error_ = std::move(error);
  return {std::move(z), 0, terms};
}

template <class S>
auto Ensemble<S>::row_sum(const Tensor& x) -> Tensor {
  Matrix<S> z = x.value.rowwise().sum();
  if (exact_) return {std::move(z)};
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < z.rows(); ++i)
    z(i, 0) +=
        sum_error(z(i, 0), sum_deviation(z(i, 0), x.value.row(i).squaredNorm(), cols(x), false, accumulator_),
                  salt, accumulator_);
  return sum_as(accumulator_, std::move(z));
}

template <class S>
auto Ensemble<S>::col_sum(const Tensor& x) -> Tensor {
  Matrix<S> z = x.value.colwise().sum();
  if (exact_) return {std::move(z)};
  const Matrix<S> squares = x.value.cwiseAbs2().colwise().sum();
  const std::uint64_t salt = next_salt();
  for (int j = 0; j < z.cols(); ++j)
    z(0, j) += sum_error(z(0, j), sum_deviation(z(0, j), squares(0, j), rows(x), false, token_sums_), salt,
                         token_sums_);
  Tensor sum = sum_as(token_sums_, std::move(z));
  return branches_are_coarser() && is_of(branches_, x) ? stored_as(branches_, sum) : sum;
}

}  // namespace plumbline
