// Definitions of Function<S>; included only where a scalar is instantiated.
#pragma once

#include <cmath>
#include <utility>

#include "plumbline/base/error.hpp"
#include "plumbline/number/complementary_error.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline {
namespace detail {

// Not named erfc: argument-dependent lookup would take Boost.Math's generic one, which encloses nothing.
template <class S>
S complementary_error(const S& x) {
  if constexpr (is_interval<S>) {
    return erfc(x);
  } else if constexpr (is_native<S>) {
    return std::erfc(x);
  } else {
    S y;  // correctly rounded; Boost's generic one is not
    plumbline::complementary_error(y.backend().data(), x.backend().data(), MPFR_RNDN);
    return y;
  }
}

// Not named erf, likewise.
template <class S>
S error_function(const S& x) {
  if constexpr (is_interval<S>) {
    return erf(x);
  } else if constexpr (is_native<S>) {
    return std::erf(x);
  } else {
    S y;
    mpfr_erf(y.backend().data(), x.backend().data(), MPFR_RNDN);
    return y;
  }
}

// log(1 + exp x), without exp of a large number where that would overflow.
template <class S>
S softplus(const S& x) {
  using std::exp;
  if constexpr (is_interval<S>) {
    return log1p(exp(x));
  } else if constexpr (is_native<S>) {
    return x > S(0) ? x + std::log1p(exp(-x)) : std::log1p(exp(x));
  } else {
    const S e = exp(S(x > S(0) ? S(-x) : x));
    S y;
    mpfr_log1p(y.backend().data(), e.backend().data(), MPFR_RNDN);
    return x > S(0) ? S(x + y) : y;
  }
}

template <class S>
S pi() {
  if constexpr (is_interval<S>) {
    return S::pi();
  } else if constexpr (is_native<S>) {
    return S(3.14159265358979323846264338327950288L);
  } else {
    S y;
    mpfr_const_pi(y.backend().data(), MPFR_RNDN);
    return y;
  }
}

// 1 / (1 + exp(-x)): no cancellation on either side.
template <class S>
S logistic(const S& x) {
  using std::exp;
  return S(1) / (S(1) + exp(S(-x)));
}

// x * logistic(g(x)) with g(0..2) = g, g', g'': SiLU has g = x, QuickGELU 1.702 x, tanh-GELU
// 2 sqrt(2/pi) (x + 0.044715 x^3).
template <class S>
S gated(int derivative, const S& x, const S& g, const S& g1, const S& g2) {
  const S s = logistic(g);
  if (derivative == 0) return x * s;
  const S slope = s * (S(1) - s);
  if (derivative == 1) return s + x * slope * g1;
  return slope * (S(2) * g1 + x * g2 + x * (S(1) - S(2) * s) * g1 * g1);
}

// x * Phi(x), Phi the normal distribution function; Phi' = phi, phi' = -x phi.
template <class S>
S gelu_erf(int derivative, const S& x) {
  using std::exp;
  using std::sqrt;
  const auto density = [&] { return S(exp(S(-x * x / S(2))) / sqrt(S(S(2) * pi<S>()))); };
  if (derivative == 2) return density() * (S(2) - x * x);
  const S distribution = complementary_error(S(-x / sqrt(S(2)))) / S(2);
  return derivative == 0 ? S(x * distribution) : S(distribution + x * density());
}

// x, or the end of [least, most] that it lies beyond.
template <class S>
S clamped(const S& x, const S& least, const S& most) {
  using F = Function<S>;
  return -F::maximum(S(-F::maximum(x, least)), S(-most));
}
template <class S>
S from_0_to_1(const S& x) {
  return clamped(x, S(0), S(1));
}

// The largest whole number up to x.
template <class S>
long whole_below(const S& x) {
  using std::floor;
  if constexpr (is_interval<S>) {
    const End least = floor(lower(x)), most = floor(upper(x));
    if (!(least == most))
      throw Error("position.rope.scaling: expected numbers that enclosures can tell from whole ones");
    return least.template convert_to<long>();
  } else {
    return static_cast<long>(floor(x));
  }
}

// Between which pairs yarn mixes frequencies.
template <class S>
std::pair<S, S> yarn_pairs(const RopeScaling& s, int dim, double base) {
  using std::log;
  const auto pair = [&](double beta) {
    const S turns = S(s.original_max_position) / (S(2) * pi<S>() * S(beta));
    return S(S(dim) * log(turns) / (S(2) * log(S(base))));
  };
  const S first = clamped(pair(s.beta_fast), S(0), S(dim)),
          last = clamped(pair(s.beta_slow), S(-1), S(dim - 1));
  if (!s.truncate) return {first, last};
  const long from = whole_below(first), to = -whole_below(S(-last));
  return {S(from), from == to ? S(S(to) + S(1) / S(1000)) : S(to)};
}

}  // namespace detail

template <class S>
S Function<S>::ratio(long p, long q) {
  return S(p) / S(q);
}

template <class S>
S Function<S>::value(const Exact& c) {
  using std::exp;
  using std::log;
  using std::sqrt;
  const S factor = c.squared ? S(S(c.factor) * S(c.factor)) : S(c.factor);
  const S value = c.radicand == 1 ? factor : S(factor / sqrt(S(c.radicand)));
  if (c.power == 0) return value;
  if constexpr (is_native<S>)
    return value * std::exp2(S(c.power) * S(c.times));
  else
    return value * exp(S(S(c.power) * S(c.times) * log(S(2))));
}

template <class S>
S Function<S>::exp(const S& x) {
  using std::exp;
  return exp(x);
}

template <class S>
S Function<S>::tanh(const S& x) {
  using std::tanh;
  return tanh(x);
}

template <class S>
S Function<S>::rsqrt(const S& x) {
  using std::sqrt;
  return S(1) / sqrt(x);
}

template <class S>
S Function<S>::maximum(const S& x, const S& c) {
  if constexpr (is_interval<S>)
    return max(x, c);
  else
    return x > c ? x : c;
}

template <class S>
S Function<S>::above(const S& x, const S& c) {
  if constexpr (is_interval<S>)
    return exceeds(x, c);
  else
    return x > c ? S(1) : S(0);
}

template <class S>
S Function<S>::tanh_gelu_c(Activation f) {
  using std::sqrt;
  return S(2) * (f == Activation::gelu_bloom ? bloom_gelu_c() : S(sqrt(S(S(2) / detail::pi<S>()))));
}

template <class S>
S Function<S>::activation(Activation f, int derivative, const S& x) {
  using std::sqrt;
  switch (f) {
    case Activation::relu:
      return derivative == 0 ? maximum(x, S(0)) : derivative == 1 ? above(x, S(0)) : S(0);
    case Activation::gelu_erf: return detail::gelu_erf(derivative, x);
    case Activation::silu: return detail::gated(derivative, x, x, S(1), S(0));
    case Activation::sigmoid: {
      const S s = detail::logistic(x), t = detail::logistic(S(-x));
      return derivative == 0 ? s : derivative == 1 ? S(s * t) : S(s * t * (t - s));
    }
    case Activation::quick_gelu: {
      const S k = quick_gelu_k();
      return detail::gated(derivative, x, S(k * x), k, S(0));
    }
    case Activation::erf: {
      using std::exp;
      if (derivative == 0) return detail::error_function(x);
      const S slope = S(2) / sqrt(detail::pi<S>()) * exp(S(-x * x));
      return derivative == 1 ? slope : S(S(-2) * x * slope);
    }
    case Activation::softplus:
      return derivative == 0 ? detail::softplus(x) : activation(Activation::sigmoid, derivative - 1, x);
    case Activation::gelu_bloom:
    case Activation::gelu_tanh: {
      const S c = tanh_gelu_c(f), a = tanh_gelu_a();
      return detail::gated(derivative, x, S(c * (x + a * x * x * x)), S(c * (S(1) + S(3) * a * x * x)),
                           S(c * S(6) * a * x));
    }
  }
  return x;
}

template <class S>
S Function<S>::frequency(int pair, int dim, double base) {
  using std::exp;
  using std::log;
  return exp(S(-(S(2 * pair) / S(dim)) * log(S(base))));
}

template <class S>
S Function<S>::stretch(const RopeScaling& s, int tokens) {
  const S factor(s.factor);
  const int n = s.length == ScaledLength::original ? 0 : tokens;  // up to the original length nothing changes
  const S longer = s.length == ScaledLength::longest
                       ? factor
                       : ratio(std::max(n, s.original_max_position), s.original_max_position);
  return factor * longer - (factor - S(1));
}

// Each kind is a continuous function of w, so enclosures need not know on which side of a boundary they are.
template <class S>
S Function<S>::scaled(const RopeScaling& s, const S& frequency, int pair, int dim, double base, int tokens) {
  using std::exp;
  using std::log;
  const S divided = frequency / S(s.factor);
  switch (s.kind) {
    case RopeScalingKind::linear: break;
    case RopeScalingKind::llama3: {
      const S turns = S(s.original_max_position) * frequency / (S(2) * detail::pi<S>()),
              low(s.low_freq_factor);
      const S kept = s.smooth ? detail::from_0_to_1(S((turns - low) / (S(s.high_freq_factor) - low)))
                              : above(turns, low);
      return kept * frequency + (S(1) - kept) * divided;
    }
    case RopeScalingKind::yarn: {
      const auto [first, last] = detail::yarn_pairs<S>(s, dim, base);
      const S share = detail::from_0_to_1(S((S(pair) - first) / (last - first)));
      return (S(1) - share) * frequency + share * divided;
    }
    case RopeScalingKind::longrope: return frequency / S(longrope_divisor(s, pair, tokens));
    case RopeScalingKind::dynamic:
      if (pair == 0) return frequency;
      return frequency * exp(S(-ratio(2 * pair, dim - 2) * log(stretch(s, tokens))));
  }
  return divided;
}

template <class S>
S Function<S>::amplitude(const RopeScaling& s) {
  using std::log;
  using std::sqrt;
  if (!has_amplitude(s)) return S(1);
  if (s.attention_factor) return S(*s.attention_factor);
  if (s.factor <= 1) return S(1);
  if (s.kind == RopeScalingKind::yarn) return S(1) + log(S(s.factor)) / S(10);
  return sqrt(S(S(1) + log(S(s.factor)) / log(S(s.original_max_position))));
}

template <class S>
std::pair<S, S> Function<S>::turn(int position, const S& frequency) {
  using std::cos;
  using std::sin;
  const S angle = S(position) * frequency;
  return {cos(angle), sin(angle)};
}

}  // namespace plumbline
