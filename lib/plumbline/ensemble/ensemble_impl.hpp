// Definitions of Ensemble<S>; included only where it is instantiated.
#pragma once

#include <atomic>

#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/ensemble/ensemble.hpp"
#include "plumbline/ensemble/ensemble_functions.hpp"
#include "plumbline/ensemble/ensemble_stores.hpp"
#include "plumbline/ensemble/ensemble_sums.hpp"

namespace plumbline {
namespace detail {

template <class S>
bool is_power_of_two(S x) {
  int exponent;
  return std::abs(std::frexp(x, &exponent)) == S(0.5);
}

// Whether all are numbers of the grid.
template <class S>
bool are_of(const Grid<S>& grid, const Matrix<S>& x) {
  std::atomic<bool> all = true;
  in_parts(x.size(), [&](std::int64_t begin, std::int64_t end) {
    const auto is_of = [&](S v) { return grid.rounded(v, 0) == v; };
    if (all && !std::all_of(x.data() + begin, x.data() + end, is_of)) all = false;
  });
  return all;
}

// Angles are computed in float32 or better, whatever the type of the table that they end in.
inline Dtype angle_type(Dtype table) { return table == Dtype::f64 ? Dtype::f64 : Dtype::f32; }

}  // namespace detail

template <class S>
Ensemble<S>::Ensemble(const Arithmetic& a, std::uint64_t seed, ExactRun<S>& run, Rounding rounding,
                      Terms left_out, bool exact)
    : storage_(a.storage, rounding),
      kernel_(a.kernel, rounding),
      accumulator_(a.accumulator, rounding),
      statistics_(a.statistics, rounding),
      softmax_(a.softmax, rounding),
      table_(a.table, rounding),
      angle_(detail::angle_type(a.table), rounding),
      token_sums_(a.token_sums, rounding),
      branches_(a.branches, rounding),
      operands_(range_of(a.products), precision_of(a.products), rounding),
      exact_(exact),
      to_nearest_(rounding == Rounding::to_nearest),
      sums_matter_(sums_matter(a)),
      fuses_attention_(seed % 2 == 1),
      rounds_operands_(operands_.precision() < storage_.precision()),
      truncates_operands_(a.products == Operand::tf32 && !(to_nearest_ && fuses_attention_) &&
                          !left_out.has(Term::operands_to_one_side)),
      left_out_(left_out),
      stores_(seed),
      seed_(mixed(seed)),
      run_(&run) {
  if (exact_) run = {};
}

template <class S>
auto Ensemble<S>::given(const Matrix<double>& x) -> std::shared_ptr<const Tensor> {
  if (!exact_)
    if (const auto& shared = run_->given.at(next_given_++)) return shared;
  const auto held =
      std::make_shared<const Tensor>(Tensor{rounded(cast<S>(x), storage_), storage_.precision()});
  if (exact_) {
    run_->given.push_back(detail::are_of(storage_, held->value) ? held : nullptr);
  }
  return held;
}

template <class S>
Matrix<S> Ensemble<S>::rounded(Matrix<S> x, const Grid<S>& grid) {
  if (exact_) return x;
  const std::uint64_t salt = next_salt();
  grid.round(x.data(), x.size(), salt, apart());
  return x;
}

template <class S>
S Ensemble<S>::factor_of(std::uint64_t site) const {
  return exact_ || to_nearest_ || leaves_out(Term::common_factors)
             ? S(1)
             : S(1) + S(2 * kernel_.half_ulp() * centred_uniform(mixed(seed_ ^ mixed(site))));
}

template <class S>
S Ensemble<S>::constant(S c) const {
  if (to_nearest_) return kernel_.nearest(c);
  return kernel_.nearest(c) == c ? c : c * factor_of(std::bit_cast<std::uint64_t>(static_cast<double>(c)));
}

// A power of a base has the base's rounding so many times; 1 / sqrt(r) has two roundings; and where code
// multiplies both sides of a product by its root, the error of that root counts twice.
template <class S>
S Ensemble<S>::constant(Exact c) const {
  const S value = F::value(c), root = std::sqrt(std::abs(value));
  if (c.power != 0 && !exact_ && !to_nearest_ && kernel_.nearest(value) != value)
    return value * std::pow(factor_of(std::bit_cast<std::uint64_t>(c.power)),
                            S(leaves_out(Term::powers) ? 1 : c.times));
  if (exact_ || to_nearest_ || c.radicand == 1 || kernel_.nearest(root) == root) return constant(value);
  const S factor = factor_of(std::bit_cast<std::uint64_t>(c.radicand));
  return leaves_out(Term::roots) ? value * factor : value * factor * factor;
}

template <class S>
S Ensemble<S>::where_both(S a, S b, S result, const Grid<S>& grid, std::uint64_t salt) const {
  return exact_ || a == 0 || b == 0 ? result : grid.rounded(result, salt);
}

template <class S>
template <class Operation>
auto Ensemble<S>::where_both(const Tensor& x, const Matrix<S>& y, Operation operation) -> Tensor {
  Matrix<S> z(x.value.rows(), x.value.cols());
  std::uint64_t salt = next_salt();
  const std::uint64_t step = apart();
  for (int i = 0; i < z.rows(); ++i)
    for (int j = 0; j < z.cols(); ++j, salt += step) {
      const S a = x.value(i, j), b = y(y.rows() == 1 ? 0 : i, y.cols() == 1 ? 0 : j);
      z(i, j) = where_both(a, b, operation(a, b), kernel_, salt);
    }
  return {std::move(z)};
}

template <class S>
auto Ensemble<S>::add(const Tensor& x, const Tensor& y) -> Tensor {
  return where_both(x, y.value, [](S a, S b) { return a + b; });
}

template <class S>
auto Ensemble<S>::sub(const Tensor& x, const Tensor& y) -> Tensor {
  return where_both(x, y.value, [](S a, S b) { return a - b; });
}

template <class S>
auto Ensemble<S>::add_row(const Tensor& x, const Tensor& row) -> Tensor {
  const bool is_bias = x.terms > 0 && !exact_;
  const bool is_rounded = is_bias && branches_are_coarser();
  Tensor y = where_both(x, is_rounded ? as_operand(row) : row.value, [](S a, S b) { return a + b; });
  if (!is_bias || leaves_out(Term::bias_first)) return y;
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < rows(x); ++i)
    for (int j = 0; j < cols(x); ++j)
      y.value(i, j) += bias_first_error(x.value(i, j), row.value(0, j), x.terms, salt);
  return y;
}

template <class S>
auto Ensemble<S>::sub_col(const Tensor& x, const Tensor& col) -> Tensor {
  if (!exact_) last_centre_ = col.value;
  if (products_.rows() == x.value.rows() && products_.cols() == x.value.cols()) return less_products(col);
  return where_both(x, col.value, [](S a, S b) { return a - b; });
}

template <class S>
void Ensemble<S>::accumulate(Tensor& sum, const Tensor& g, int row, int col) {
  sum.stored = sum.stored && g.stored ? std::max(sum.stored, g.stored) : 0;
  const Grid<S>& grid = is_of(branches_, sum) ? branches_ : sum.stored ? storage_ : kernel_;
  const bool may_go_on = g.terms > 0 && !exact_ && !leaves_out(Term::sums_go_on);
  const std::uint64_t salt = next_salt(), salt2 = next_salt();
  for (int i = 0; i < rows(g); ++i)
    for (int j = 0; j < cols(g); ++j) {
      S &a = sum.value(row + i, col + j), b = g.value(i, j);
      const S on_the_way = may_go_on ? bias_first_error(b, a, g.terms, salt2) : S(0);
      a = where_both(a, b, a + b, grid, salt) + on_the_way;
    }
}

template <class S>
auto Ensemble<S>::mul(const Tensor& x, const Tensor& y) -> Tensor {
  return in_kernel(x.value.cwiseProduct(y.value));
}

template <class S>
auto Ensemble<S>::mul_row(const Tensor& x, const Tensor& row) -> Tensor {
  return in_kernel(x.value * row.value.row(0).asDiagonal());
}

template <class S>
auto Ensemble<S>::mul_col(const Tensor& x, const Tensor& col) -> Tensor {
  Matrix<S> z = col.value.col(0).asDiagonal() * x.value;
  if (!exact_) {
    last_product_ = z;
    last_factor_ = col.value;
  }
  return in_kernel(std::move(z));
}

template <class S>
auto Ensemble<S>::scale(const Tensor& x, Exact c) -> Tensor {
  const S value = F::value(c);
  const bool stays_stored =
      detail::is_power_of_two(value) && is_of(branches_, x) && branches_.precision() < kernel_.precision();
  const S factor = stays_stored ? value : constant(c);
  score_factor_ *= factor;
  if (detail::is_power_of_two(factor)) return {x.value * factor, x.stored};
  return in_kernel(x.value * factor);
}

template <class S>
auto Ensemble<S>::add_scalar(const Tensor& x, Exact c) -> Tensor {
  return in_kernel((x.value.array() + constant(c)).matrix());
}

template <class S>
auto Ensemble<S>::divide(const Tensor& x, int n) -> Tensor {
  if (detail::is_power_of_two(S(n))) return {x.value / S(n), x.stored};
  return in_kernel(x.value / S(n) * factor_of(std::uint64_t(n)));  // or times 1 / n, rounded once for all
}

template <class S>
auto Ensemble<S>::rsqrt(const Tensor& x) -> Tensor {
  return in_kernel(x.value.cwiseSqrt().cwiseInverse() * factor_of(std::uint64_t(Library::rsqrt)));
}

template <class S>
auto Ensemble<S>::reciprocal(const Tensor& x) -> Tensor {
  return in_kernel(x.value.cwiseInverse());
}

template <class S>
auto Ensemble<S>::exp(const Tensor& x) -> Tensor {
  return in_kernel(x.value.array().exp().matrix() * factor_of(std::uint64_t(Library::exp)));
}

// Stored at once, since its derivative 1 - t^2 is computed from the stored t.
template <class S>
auto Ensemble<S>::tanh(const Tensor& x) -> Tensor {
  Tensor t = in_kernel(plain_.tanh(x.value) * factor_of(std::uint64_t(Library::tanh)));
  if (score_deviation_.rows() == t.value.rows() && score_deviation_.cols() == t.value.cols())
    score_deviation_.array() *= S(1) - t.value.array().square();
  return stored_as(branches_, t);
}

template <class S>
Matrix<S> Ensemble<S>::exact_kink(const Matrix<S>& x) {
  if (exact_) {
    run_->kinks.push_back(x);
    return x;
  }
  if (to_nearest_) return x;
  const Matrix<S>& exact = run_->kinks.at(next_kink_++);
  if (leaves_out(Term::tripled_kinks)) return x;
  return exact + S(3) * (x - exact);
}

template <class S>
auto Ensemble<S>::maximum(const Tensor& x, Exact c) -> Tensor {
  const Tensor taken = above(x, c);
  const S value = constant(c);
  return {taken.value.cwiseProduct(x.value) + (S(1) - taken.value.array()).matrix() * value,
          value == 0 ? x.stored : 0};
}

template <class S>
auto Ensemble<S>::above(const Tensor& x, Exact c) -> Tensor {
  return {plain_.above(exact_kink(x.value), c), of_every_type};
}

template <class S>
int Ensemble<S>::stored(const std::vector<Tensor>& parts) {
  int most = 0;
  for (const Tensor& p : parts) {
    if (p.stored == 0) return 0;
    most = std::max(most, p.stored);
  }
  return most;
}

template <class S>
auto Ensemble<S>::concat_cols(const std::vector<Tensor>& parts) const -> Tensor {
  std::vector<Matrix<S>> values;
  for (const Tensor& p : parts) values.push_back(p.value);
  return {plain_.concat_cols(values), stored(parts)};
}

template <class S>
auto Ensemble<S>::concat_rows(const std::vector<Tensor>& parts) const -> Tensor {
  std::vector<Matrix<S>> values;
  for (const Tensor& p : parts) values.push_back(p.value);
  return {plain_.concat_rows(values), stored(parts)};
}

}  // namespace plumbline
