// Definitions of Ensemble<S>; included only where it is instantiated.
#pragma once

#include "plumbline/algebra/ensemble.hpp"
#include "plumbline/algebra/plain_impl.hpp"

namespace plumbline {
namespace detail {

template <class S>
bool is_power_of_two(S x) {
  int exponent;
  return std::abs(std::frexp(x, &exponent)) == S(0.5);
}

// Angles are computed in float32 or better, whatever the type of the table that they end in.
inline Dtype angle_type(Dtype table) { return table == Dtype::f64 ? Dtype::f64 : Dtype::f32; }

}  // namespace detail

template <class S>
Ensemble<S>::Ensemble(const Arithmetic& a, std::uint64_t seed, Kinks<S>& kinks)
    : storage_(a.storage),
      kernel_(a.kernel),
      accumulator_(a.accumulator),
      statistics_(a.statistics),
      softmax_(a.softmax),
      table_(a.table),
      angle_(detail::angle_type(a.table)),
      token_sums_(a.token_sums),
      exact_(seed == 0),
      sums_matter_(info(a.accumulator).precision <= info(a.storage).precision),
      seed_(mixed(seed)),
      kinks_(&kinks) {
  if (exact_) kinks.clear();
}

template <class S>
Matrix<S> Ensemble<S>::rounded(Matrix<S> x, const Grid<S>& grid) {
  if (exact_) return x;
  const std::uint64_t salt = next_salt();
  for (S *v = x.data(), *end = v + x.size(); v != end; ++v) *v = grid.rounded(*v, salt);
  return x;
}

template <class S>
S Ensemble<S>::sum_error(S sum, S squares, int terms, bool of_products, std::uint64_t salt,
                         const Grid<S>& accumulator) const {
  const S variance = S(terms + 1) * (squares / S(6) + sum * sum / S(3)) + (of_products ? squares : S(0));
  // half an ulp / sqrt(3) per rounding; almost_normal has the factor 1/sqrt(3) already
  return std::sqrt(variance) * S(accumulator.half_ulp() / 65536) *
         S(almost_normal(mixed(accumulator.identity(sum) ^ salt)));
}

template <class S>
S Ensemble<S>::bias_first_error(S sum, S bias, int terms, std::uint64_t salt) const {
  const S variance = S(terms) * bias * bias + S(terms + 1) * bias * sum;
  if (!(variance > S(0))) return S(0);
  return std::sqrt(variance) * S(accumulator_.half_ulp() / 65536) *
         S(almost_normal(mixed(accumulator_.identity(sum + bias) ^ salt)));
}

template <class S>
S Ensemble<S>::factor_of(std::uint64_t site) const {
  return exact_ ? S(1) : S(1) + S(2 * kernel_.half_ulp() * centred_uniform(mixed(seed_ ^ mixed(site))));
}

template <class S>
S Ensemble<S>::constant(S c) const {
  return kernel_.nearest(c) == c ? c : c * factor_of(std::bit_cast<std::uint64_t>(static_cast<double>(c)));
}

template <class S>
S Ensemble<S>::constant(Exact c) const {
  return constant(F::value(c));
}

template <class S>
auto Ensemble<S>::matmul(const Tensor& x, const Tensor& y) -> Tensor {
  Matrix<S> z = x.value * y.value;
  if (exact_) return {std::move(z)};
  if (!sums_matter_) {
    Tensor y = in_kernel(z);
    last_sum_error_ = y.value - z;
    return y;
  }
  Matrix<S> error = x.value.cwiseAbs2() * y.value.cwiseAbs2();  // first the squares, then what they make
  const std::uint64_t salt = next_salt();
  for (Eigen::Index i = 0; i < z.size(); ++i)
    error.data()[i] = sum_error(z.data()[i], error.data()[i], cols(x), true, salt, accumulator_);
  z += error;
  last_sum_error_ = std::move(error);
  return {std::move(z), false, cols(x)};
}

template <class S>
auto Ensemble<S>::row_sum(const Tensor& x) -> Tensor {
  Matrix<S> z = x.value.rowwise().sum();
  if (exact_) return {std::move(z)};
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < z.rows(); ++i)
    z(i, 0) += sum_error(z(i, 0), x.value.row(i).squaredNorm(), cols(x), false, salt, accumulator_);
  return in_kernel(std::move(z));
}

template <class S>
auto Ensemble<S>::col_sum(const Tensor& x) -> Tensor {
  Matrix<S> z = x.value.colwise().sum();
  if (exact_) return {std::move(z)};
  const Matrix<S> squares = x.value.cwiseAbs2().colwise().sum();
  const std::uint64_t salt = next_salt();
  for (int j = 0; j < z.cols(); ++j)
    z(0, j) += sum_error(z(0, j), squares(0, j), rows(x), false, salt, token_sums_);
  return in_kernel(std::move(z));
}

template <class S>
template <class Operation>
auto Ensemble<S>::where_both(const Tensor& x, const Matrix<S>& y, Operation operation) -> Tensor {
  Matrix<S> z(x.value.rows(), x.value.cols());
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < z.rows(); ++i)
    for (int j = 0; j < z.cols(); ++j) {
      const S a = x.value(i, j), b = y(y.rows() == 1 ? 0 : i, y.cols() == 1 ? 0 : j), c = operation(a, b);
      z(i, j) = exact_ || a == 0 || b == 0 ? c : kernel_.rounded(c, salt);
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
  Tensor y = where_both(x, row.value, [](S a, S b) { return a + b; });
  if (exact_ || x.terms == 0) return y;
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < rows(x); ++i)
    for (int j = 0; j < cols(x); ++j)
      y.value(i, j) += bias_first_error(x.value(i, j), row.value(0, j), x.terms, salt);
  return y;
}

template <class S>
auto Ensemble<S>::sub_col(const Tensor& x, const Tensor& col) -> Tensor {
  if (!exact_) last_centre_ = col.value;
  return where_both(x, col.value, [](S a, S b) { return a - b; });
}

template <class S>
auto Ensemble<S>::add_cotangents(const Tensor& x, const Tensor& y) -> Tensor {
  if (!x.stored || !y.stored) return add(x, y);
  const Grid<S> outside = kernel_;
  kernel_ = storage_;
  Tensor z = add(x, y);
  kernel_ = outside;
  z.stored = true;
  return z;
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
  const S factor = constant(c);
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
  return in_kernel(x.value / S(n));
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

// Stored at once: its derivative 1 - t^2 is computed from the stored t.
template <class S>
auto Ensemble<S>::tanh(const Tensor& x) -> Tensor {
  Tensor t = in_kernel(plain_.tanh(x.value) * factor_of(std::uint64_t(Library::tanh)));
  return store(t, "");
}

template <class S>
Matrix<S> Ensemble<S>::exact_kink(const Matrix<S>& x) {
  if (exact_) {
    kinks_->push_back(x);
    return x;
  }
  const Matrix<S>& exact = kinks_->at(next_kink_++);
  return exact + S(3) * (x - exact);
}

template <class S>
auto Ensemble<S>::maximum(const Tensor& x, Exact c) -> Tensor {
  const Tensor taken = above(x, c);
  const S value = constant(c);
  return {taken.value.cwiseProduct(x.value) + (S(1) - taken.value.array()).matrix() * value,
          x.stored && value == 0};
}

template <class S>
auto Ensemble<S>::above(const Tensor& x, Exact c) -> Tensor {
  return {plain_.above(exact_kink(x.value), c), true};
}

template <class S>
auto Ensemble<S>::concat_cols(const std::vector<Tensor>& parts) const -> Tensor {
  std::vector<Matrix<S>> values;
  for (const Tensor& p : parts) values.push_back(p.value);
  return {plain_.concat_cols(values),
          std::all_of(parts.begin(), parts.end(), [](auto& p) { return p.stored; })};
}

template <class S>
auto Ensemble<S>::concat_rows(const std::vector<Tensor>& parts) const -> Tensor {
  std::vector<Matrix<S>> values;
  for (const Tensor& p : parts) values.push_back(p.value);
  return {plain_.concat_rows(values),
          std::all_of(parts.begin(), parts.end(), [](auto& p) { return p.stored; })};
}

template <class S>
auto Ensemble<S>::with_running_mean(Tensor v) -> Tensor {
  if (exact_ || last_centre_.rows() != v.value.rows()) return v;
  const std::uint64_t salt = next_salt();
  for (int i = 0; i < v.value.rows(); ++i) {
    const S centre = last_centre_(i, 0), rounding = centre * S(statistics_.half_ulp() / 65536);
    if (v.value(i, 0) > S(0))
      v.value(i, 0) += std::sqrt(v.value(i, 0) * S(2) / S(3)) * rounding *
                       S(almost_normal(mixed(statistics_.identity(centre) ^ salt)));
  }
  return v;
}

template <class S>
auto Ensemble<S>::store(const Tensor& x, std::string_view place) -> Tensor {
  if (place.ends_with("variance")) return with_running_mean(x);  // a statistic stays in its own type
  if (place.ends_with("input")) last_centre_.resize(0, 0);
  if (x.stored) return x;
  Tensor y{storage_.precision() >= kernel_.precision() ? x.value : rounded(x.value, storage_), true, x.terms};
  if (exact_) return y;
  if (place.ends_with("heads"))
    heads_.push_back({last_sum_error_ + (y.value - x.value), last_softmax_error_});
  if (place.ends_with("normalized"))
    norms_[std::string(place)].push_back(
        {(last_product_.array() == 0).select(S(0), y.value.array() / last_product_.array() - S(1)),
         last_centre_, last_factor_});
  return y;
}

template <class S>
auto Ensemble<S>::store_cotangent(const Tensor& g, std::string_view place) -> Tensor {
  if (exact_) return store(g, place);
  Tensor y = place.ends_with("variance") ? g : store(g, "");
  if (place.ends_with("heads")) {
    dot_error_ = y.value.cwiseProduct(heads_.back().output_error).rowwise().sum();
    saved_error_ = std::move(heads_.back().softmax_error);
    heads_.pop_back();
  } else if (place.ends_with("normalized")) {
    Norm& norm = norms_.at(std::string(place)).back();
    saved_error_ = std::move(norm.result_error);
    variance_error_ = uncentred_error(y.value, norm);
    norms_.at(std::string(place)).pop_back();
    variance_cotangent_.resize(0, 0);
  } else if (place.ends_with("variance")) {
    if (variance_error_.size() > 0) y.value += variance_error_;
    variance_cotangent_ = y.value;
  } else if (place.ends_with("input") || place.ends_with("scores")) {
    saved_error_.resize(0, 0);
  }
  return y;
}

template <class S>
Matrix<S> Ensemble<S>::uncentred_error(const Matrix<S>& g, const Norm& norm) {
  if (norm.centre.rows() != g.rows()) return {};
  const std::uint64_t salt = next_salt();
  Matrix<S> error(g.rows(), 1);
  for (int i = 0; i < g.rows(); ++i) {
    const S centre = norm.centre(i, 0), r = norm.factor(i, 0);
    error(i, 0) = -r * r * r / S(2) *
                  sum_error(centre * g.row(i).sum(), centre * centre * g.row(i).squaredNorm(), int(g.cols()),
                            true, salt, statistics_);
  }
  return error;
}

template <class S>
auto Ensemble<S>::saved(const Tensor& x) -> Tensor {
  if (saved_error_.rows() != x.value.rows() || saved_error_.cols() != x.value.cols()) return x;
  Tensor y{x.value.cwiseProduct((saved_error_.array() + S(1)).matrix())};
  saved_mean_ = y.value.rowwise().mean();
  return y;
}

template <class S>
auto Ensemble<S>::centring_sum(const Tensor& sum) -> Tensor {
  if (saved_error_.size() == 0 || variance_cotangent_.rows() != sum.value.rows()) return sum;
  return {sum.value - S(2) * variance_cotangent_.cwiseProduct(saved_mean_)};
}

template <class S>
auto Ensemble<S>::softmax_dot(const Tensor& dot) -> Tensor {
  return exact_ || dot_error_.rows() != dot.value.rows() ? dot : Tensor{dot.value + dot_error_};
}

// Each operation is rounded, as an eager implementation of the formula does: 1 + tanh cancels, and its error
// is large next to a small result. Derivatives are computed from the rounded values.
template <class S>
S Ensemble<S>::activation(Activation f, int derivative, S x, std::uint64_t salt) const {
  std::uint64_t operation = salt;
  const auto r = [&](S v) { return kernel_.rounded(v, operation += 0x9e3779b97f4a7c15); };
  const auto of = [&](Library l) { return factor_of(std::uint64_t(l)); };
  const S half = S(1) / S(2), one = S(1);
  switch (f) {
    case Activation::relu: break;  // a kink, not a formula
    case Activation::silu:
    case Activation::quick_gelu: {
      const S k = f == Activation::silu ? one : constant(F::ratio(1702, 1000));
      const S s = r(one / r(one + r(std::exp(f == Activation::silu ? -x : -r(k * x)) * of(Library::exp))));
      if (derivative == 0) return r(x * s);
      return r(s + r(r(k * x) * r(s * r(one - s))));
    }
    case Activation::gelu_tanh: {
      const S c = constant(std::sqrt(S(2) / detail::pi<S>())), a = F::ratio(44715, 1000000);
      const S square = r(x * x);
      const S t = r(std::tanh(r(c * r(x + constant(a) * r(square * x)))) * of(Library::tanh));
      if (derivative == 0) return r(half * x * r(one + t));
      const S slope = r(c * r(one + r(constant(S(3) * a) * square)));
      return r(r(half * r(one + t)) + r(r(half * x * r(one - r(t * t))) * slope));
    }
    case Activation::gelu_erf: {
      const S e = r(std::erf(r(x * constant(std::sqrt(half)))) * of(Library::erf));
      if (derivative == 0) return r(half * x * r(one + e));
      const S density = r(r(std::exp(r(-half * r(x * x))) * of(Library::exp)) *
                          constant(one / std::sqrt(S(2) * detail::pi<S>())));
      return r(r(half * r(one + e)) + r(x * density));
    }
  }
  return x;
}

template <class S>
auto Ensemble<S>::activation(Activation f, int derivative, const Tensor& x) -> Tensor {
  if (f == Activation::relu && derivative == 0) return {above(x, {0}).value.cwiseProduct(x.value), x.stored};
  if (f == Activation::relu && derivative == 1) return above(x, {0});
  if (exact_ || derivative > 1) return {plain_.activation(f, derivative, x.value)};
  const std::uint64_t salt = next_salt();
  Matrix<S> y(x.value.rows(), x.value.cols());
  for (Eigen::Index i = 0; i < y.size(); ++i)
    y.data()[i] = activation(f, derivative, x.value.data()[i], salt);
  return {std::move(y)};
}

template <class S>
S Ensemble<S>::recomputed_error(S log_sum) {
  const S base2 = log_sum / std::log(S(2));
  return softmax_.rounded(log_sum, next_salt()) - log_sum +
         (softmax_.rounded(base2, next_salt()) - base2) * std::log(S(2));
}

// Stored at once: its derivative is computed from the stored probabilities.
template <class S>
auto Ensemble<S>::softmax_rows(const Tensor& x, const Mask& mask) -> Tensor {
  if (exact_) return {plain_.softmax_rows(x.value, mask)};
  Tensor p = zeros(rows(x), cols(x));
  const std::uint64_t salt = next_salt(), salt2 = next_salt(), salt3 = next_salt(), salt4 = next_salt();
  last_softmax_error_ = Matrix<S>::Zero(rows(x), cols(x));
  const S exp_error = factor_of(std::uint64_t(Library::exp));
  for (int i = 0; i < p.value.rows(); ++i) {
    S largest = -std::numeric_limits<S>::infinity(), total(0), squares(0);
    int visible = 0;
    for (int j = 0; j < p.value.cols(); ++j)
      if (mask.sees(i, j)) largest = std::max(largest, x.value(i, j));
    for (int j = 0; j < p.value.cols(); ++j) {
      if (!mask.sees(i, j)) continue;
      const S shifted = softmax_.rounded(x.value(i, j) - largest, salt);
      const S e = shifted == 0 ? S(1) : softmax_.rounded(std::exp(shifted) * exp_error, salt2);
      p.value(i, j) = e;
      total += e;
      squares += e * e;
      ++visible;
    }
    if (visible > 1) total += sum_error(total, squares, visible, false, salt3, accumulator_);
    for (int j = 0; j < p.value.cols(); ++j)
      if (mask.sees(i, j)) p.value(i, j) = softmax_.rounded(p.value(i, j) / total, salt4);
    if (visible > 0) last_softmax_error_.row(i).setConstant(recomputed_error(largest + std::log(total)));
  }
  p.stored = storage_.precision() >= softmax_.precision();
  return store(p, "");
}

// The angle, its cosine and its sine are entries of a table that every call reads.
template <class S>
auto Ensemble<S>::rotate(const Tensor& x, const Rotation& r) -> Tensor {
  if (exact_) return {plain_.rotate(x.value, r)};
  Tensor y{x.value};
  const std::uint64_t table = mixed(seed_ ^ 0x726f7065), salt = next_salt();
  for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
    const S exact_frequency = std::exp(-S(2 * pair) / S(r.exponent_dim) * std::log(S(r.base)));
    const S frequency = pair == 0 ? S(1) : angle_.rounded(exact_frequency, table + 1);
    for (int t = 0; t < x.value.rows(); ++t) {
      const int position = r.first_position + t;
      if (position == 0) continue;  // cos 0 and sin 0 are exact
      const S angle = angle_.rounded(S(position) * frequency, table + 2);
      const S c = table_.rounded(std::cos(angle), table + 3),
              s = r.sign * table_.rounded(std::sin(angle), table + 4);
      const S &a = x.value(t, r.first(pair)), &b = x.value(t, r.second(pair));
      y.value(t, r.first(pair)) =
          kernel_.rounded(kernel_.rounded(a * c, salt) - kernel_.rounded(b * s, salt + 1), salt + 2);
      y.value(t, r.second(pair)) =
          kernel_.rounded(kernel_.rounded(a * s, salt + 3) + kernel_.rounded(b * c, salt + 4), salt + 5);
    }
  }
  return y;
}

}  // namespace plumbline
