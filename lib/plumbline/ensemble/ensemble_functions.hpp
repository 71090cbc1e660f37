// The functions of Ensemble<S> that take several operations: activations, softmax, rotation.
#pragma once

#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/ensemble/ensemble.hpp"

namespace plumbline {

// Each operation is rounded, as an eager implementation of the formula does: 1 + tanh cancels, and its error
// is large next to a small result. Derivatives are computed from the rounded values. No expression holds two
// roundings that do not wait for each other: compilers would number them in orders of their own.
template <class S>
S Ensemble<S>::activation(Activation f, int derivative, S x, std::uint64_t salt) const {
  std::uint64_t operation = salt;
  const auto r = [&](S v) { return kernel_.rounded(v, operation += 0x9e3779b97f4a7c15); };
  const auto of = [&](Library l) { return factor_of(std::uint64_t(l)); };
  const S half = S(1) / S(2), one = S(1);
  switch (f) {
    case Activation::relu: break;  // a kink, not a formula
    case Activation::sigmoid: {
      const S s = r(one / r(one + r(std::exp(-x) * of(Library::exp))));
      if (derivative == 0) return s;
      const S stored = branches_.rounded(s, operation += 0x9e3779b97f4a7c15);  // the derivative is s (1 - s)
      return r(stored * r(one - stored));
    }
    case Activation::silu:
    case Activation::quick_gelu: {
      const S k = f == Activation::silu ? one : constant(F::quick_gelu_k());
      const S s = r(one / r(one + r(std::exp(f == Activation::silu ? -x : -r(k * x)) * of(Library::exp))));
      if (derivative == 0) return r(x * s);
      const S argument = r(k * x), slope = r(s * r(one - s));
      return r(s + r(argument * slope));
    }
    case Activation::erf: {
      if (derivative == 0) return r(std::erf(x) * of(Library::erf));
      return r(r(std::exp(r(-x * x)) * of(Library::exp)) * constant(S(2) / std::sqrt(detail::pi<S>())));
    }
    case Activation::softplus: {
      if (derivative > 0) return r(one / r(one + r(std::exp(-x) * of(Library::exp))));
      const S e = r(std::exp(-std::abs(x)) * of(Library::exp)),
              logarithm = r(std::log1p(e) * of(Library::log));
      return r(std::max(x, S(0)) + logarithm);
    }
    case Activation::gelu_bloom:
    case Activation::gelu_tanh: {
      const bool is_bloom = f == Activation::gelu_bloom;
      const S c = constant(is_bloom ? F::bloom_gelu_c() : std::sqrt(S(2) / detail::pi<S>()));
      const S a = F::tanh_gelu_a(), square = r(x * x);
      const S sum = is_bloom ? r(x * r(one + r(constant(a) * square))) : r(x + constant(a) * r(square * x));
      const S t = r(std::tanh(r(c * sum)) * of(Library::tanh));
      if (derivative == 0) return r(half * x * r(one + t));
      const S slope = r(c * r(one + r(constant(S(3) * a) * square)));
      const S distribution = r(half * r(one + t)), density = r(half * x * r(one - r(t * t)));
      return r(distribution + r(density * slope));
    }
    case Activation::gelu_erf: {
      const S e = r(std::erf(r(x * constant(std::sqrt(half)))) * of(Library::erf));
      if (derivative == 0) return r(half * x * r(one + e));
      const S density = r(r(std::exp(r(-half * r(x * x))) * of(Library::exp)) *
                          constant(one / std::sqrt(S(2) * detail::pi<S>())));
      const S distribution = r(half * r(one + e)), moved = r(x * density);
      return r(distribution + moved);
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

// Relative errors of one row of probabilities that the backward pass recomputes as exp(s - log sum exp s):
// two roundings of the logarithm, which the whole row shares; and of each score the error of its sum in
// another order, its rounding, which code with a fused multiply-add leaves out, and the rounding of its
// distance from the logarithm.
template <class S>
void Ensemble<S>::recompute(Eigen::Index row, const Matrix<S>& scores, const Mask& mask, S log_sum) {
  const auto error = [this](S x, std::uint64_t salt) { return softmax_.rounded(x, salt) - x; };
  const std::uint64_t salt = next_salt(), salt2 = next_salt(), salt3 = next_salt(), salt4 = next_salt(),
                      salt5 = next_salt();
  const S of_row = error(log_sum, salt4) + error(log_sum / std::log(S(2)), salt5) * std::log(S(2));
  const Eigen::Index keys = scores.cols() - mask.sink;
  const bool knows_sums = score_deviation_.rows() == scores.rows() && score_deviation_.cols() == keys;
  for (Eigen::Index j = 0; j < scores.cols(); ++j) {
    if (!mask.sees(int(row), int(j))) continue;
    const S s = scores(row, j);
    S& e = last_softmax_error_(row, j);
    e = of_row + error(s, salt) + error(s - log_sum, salt2);
    if (knows_sums && j < keys)
      e += sum_error(s, score_deviation_(row, j) * score_factor_, salt3, accumulator_);
  }
}

// Stored at once, since its derivative is computed from the stored probabilities.
template <class S>
auto Ensemble<S>::softmax_rows(const Tensor& x, const Mask& mask) -> Tensor {
  if (exact_) return {plain_.softmax_rows(x.value, mask)};
  Tensor p = zeros(rows(x), cols(x));
  const std::uint64_t salt = next_salt(), salt2 = next_salt(), salt3 = next_salt(), salt4 = next_salt();
  last_softmax_error_ = Matrix<S>::Zero(rows(x), cols(x));
  sinks_ = mask.sink;
  const S exp_error = factor_of(std::uint64_t(Library::exp));
  // An online softmax stores exponentials for the product with the values and divides by their
  // sum afterwards.
  const bool divides_at_end = to_nearest_ && fuses_attention_ && leaves_out(Site::probabilities);
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
    if (visible > 1)
      total +=
          sum_error(total, sum_deviation(total, squares, visible, false, accumulator_), salt3, accumulator_);
    for (int j = 0; j < p.value.cols(); ++j) {
      if (!mask.sees(i, j)) continue;
      const S e = divides_at_end ? branches_.nearest(p.value(i, j)) : p.value(i, j);
      p.value(i, j) = softmax_.rounded(e / total, salt4);
    }
    if (visible > 0) recompute(i, x.value, mask, largest + std::log(total));
  }
  p.stored = branches_.precision() >= softmax_.precision() ? branches_.precision() : 0;
  return stored_probabilities(std::move(p));
}

template <class S>
auto Ensemble<S>::stored_probabilities(Tensor p) -> Tensor {
  if (to_nearest_) return store(p, Site::probabilities);
  if (p.stored || !fuses_attention_ || leaves_out(Term::unstored_probabilities))
    return stored_as(branches_, p);
  const std::uint64_t salt = next_salt();
  p.value = p.value.unaryExpr([&](S v) { return branches_.displaced(v, salt); });
  p.stored = branches_.precision();
  return p;
}

// The angle, its cosine and its sine are entries of a table that every call reads.
template <class S>
Turns<S> Ensemble<S>::turns(const Rotation& r, int rows) const {
  Turns<S> y{r, Matrix<S>(rows, r.rotary_dim / 2), Matrix<S>(rows, r.rotary_dim / 2)};
  const std::uint64_t table = mixed(seed_ ^ 0x726f7065);
  const auto as_angle = [&](S v, std::uint64_t salt) {
    return leaves_out(Term::angles) ? v : angle_.rounded(v, salt);
  };
  const S amplitude = r.has_amplitude() ? as_angle(F::amplitude(*r.scaling), table + 10) : S(1);
  for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
    const S exact_frequency = std::exp(-S(2 * pair) / S(r.exponent_dim) * std::log(S(r.base)));
    S frequency = pair == 0 ? S(1) : as_angle(exact_frequency, table + 1);
    if (r.scaling) {  // two products and their sum
      frequency = F::scaled(*r.scaling, frequency, pair, r.exponent_dim, r.base, rows);
      if (r.scaling->kind == RopeScalingKind::dynamic && pair > 0) {  // what cancels in u was rounded before
        const S u = F::stretch(*r.scaling, rows), factor(r.scaling->factor);
        const S moved = as_angle(u + factor - S(1), table + 11) - factor + S(1);
        frequency *= std::exp(-S(2 * pair) / S(r.exponent_dim - 2) * std::log(moved / u));
      }
      for (int step = 5; step < 8; ++step) frequency = as_angle(frequency, table + std::uint64_t(step));
    }
    for (int t = 0; t < rows; ++t) {
      const S angle = as_angle(S(r.first_position + t) * frequency, table + 2);
      if (r.has_amplitude()) {
        y.cos(t, pair) = table_.rounded(as_angle(std::cos(angle), table + 8) * amplitude, table + 3);
        y.sin(t, pair) = table_.rounded(as_angle(std::sin(angle), table + 9) * amplitude, table + 4);
        continue;
      }
      y.cos(t, pair) = table_.rounded(std::cos(angle), table + 3);
      y.sin(t, pair) = table_.rounded(std::sin(angle), table + 4);
    }
  }
  return y;
}

template <class S>
auto Ensemble<S>::rotate(const Tensor& x, const Rotation& r) -> Tensor {
  if (exact_) return {plain_.rotate(x.value, r)};
  if (!turns_.serve(r, rows(x))) turns_ = turns(r, rows(x));
  Tensor y{x.value};
  const std::uint64_t salt = next_salt();
  for (int t = 0; t < rows(x); ++t) {
    if (r.first_position + t == 0 && !r.has_amplitude()) continue;  // cos 0 and sin 0 are exact
    for (int pair = 0; pair < r.rotary_dim / 2; ++pair) {
      const S c = turns_.cos(t, pair), s = r.sign * turns_.sin(t, pair);
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
