// Layer normalization and RMS normalization of each row, right and wrong.
#pragma once

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {
namespace detail {

template <Algebra A>
Tensor<A> row_mean(A& a, const Tensor<A>& x) {
  return a.divide(a.row_sum(x), a.cols(x));
}

// The mean square that is divided by, under each choice of the divisor.
template <Algebra A>
Tensor<A> variance(A& a, const NormSpec& n, const Tensor<A>& centred) {
  const Tensor<A> sum = a.row_sum(a.mul(centred, centred));
  switch (n.variance_divisor) {
    case VarianceDivisor::d: break;
    case VarianceDivisor::d_minus_1: return a.divide(sum, a.cols(centred) - 1);
    case VarianceDivisor::one: return sum;
  }
  return a.divide(sum, a.cols(centred));
}

// What each row is multiplied by: 1 / sqrt(v + eps) where every choice is the right one.
template <Algebra A>
Tensor<A> row_factor(A& a, const NormSpec& n, const Tensor<A>& v) {
  const Exact eps{n.eps};
  if (n.eps_mode == EpsMode::outside_sqrt) return a.reciprocal(a.add_scalar(a.reciprocal(a.rsqrt(v)), eps));
  const Tensor<A> stabilised = n.eps_mode == EpsMode::none    ? v
                               : n.eps_mode == EpsMode::clamp ? a.maximum(v, eps)
                                                              : a.add_scalar(v, eps);
  switch (n.scaling) {
    case NormScaling::rsqrt: break;
    case NormScaling::sqrt: return a.reciprocal(a.rsqrt(stabilised));
    case NormScaling::reciprocal: return a.reciprocal(stabilised);
  }
  return a.rsqrt(stabilised);
}

template <Algebra A>
Tensor<A> standardise(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  const bool centres = n.centring == Centring::always || n.centring == Centring::variance_only ||
                       (n.centring == Centring::by_kind && n.kind == NormKind::layer_norm);
  Tensor<A> centred = x;
  if (centres) {
    const Tensor<A> mean = row_mean(a, x);
    centred = a.sub_col(x, n.detached == Detached::mean ? a.detach(mean) : mean);
  }
  Tensor<A> v = a.store(variance(a, n, centred), p.place("variance"));
  if (n.detached == Detached::variance) v = a.detach(v);
  const Tensor<A>& numerator = n.centring == Centring::variance_only ? x : centred;
  return a.store(a.mul_col(numerator, row_factor(a, n, v)), p.place("normalized"));
}

// Gain or bias, with what its gradient is multiplied by where that goes wrong.
template <Algebra A>
Tensor<A> parameter(A& a, const NormSpec& n, const Tensor<A>& weight, int tokens) {
  if (n.gain_gradient != GainGradient::averaged) return weight;
  return with_derivative_of(a, weight, a.divide(weight, tokens));
}

// `input`: what the norm was given.
template <Algebra A>
Tensor<A> apply_gain(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x,
                     const Tensor<A>& input) {
  if (!n.gain) return x;
  const Tensor<A> weight = parameter(a, n, p.at("weight"), a.rows(x));
  const Tensor<A> gain = n.gain_offset ? a.add_scalar(weight, {double(n.gain_offset)}) : weight;
  if (n.gain_gradient == GainGradient::of_input) {
    const Tensor<A> of_input = a.mul_row(a.detach(input), gain), y = a.mul_row(x, a.detach(gain));
    return a.store(a.add(y, a.sub(of_input, a.detach(of_input))), p.place("scaled"));
  }
  return a.store(a.mul_row(x, gain), p.place("scaled"));
}

template <Algebra A>
Tensor<A> standardise_along(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  if (n.axis == NormAxis::channels) return standardise(a, n, p, x);
  return a.transpose(standardise(a, n, p, a.transpose(x)));
}

}  // namespace detail

// The norm that n describes, with its gain and bias, where it has them, under p.
//   formula: layer_norm: gamma (x - mean x) / sqrt(mean (x - mean x)^2 + eps) + beta; rms_norm: gamma x /
//     sqrt(mean x^2 + eps) (+ beta); gamma = gain_offset + weight
//   shapes: x [n,d] -> [n,d]; weight and bias [1,d]
//   domain: eps > 0, or rows whose variance (mean square) is not 0
//   error: that of the algebra
//   bad input: throws Error where p holds no "weight" or "bias"; a row without variance and eps = 0 gives
//     what the algebra makes of 0 times 1 / sqrt 0: NaN, or an enclosure marked trv
//   source: arXiv 1607.06450, 1910.07467
template <Algebra A>
Tensor<A> norm(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  return a.component(n.kind == NormKind::layer_norm ? "LN" : "RMS", x, [&] {
    const Tensor<A> input = a.store(x, p.place("input"));
    const Tensor<A> y = n.gain_place == GainPlace::after
                            ? detail::apply_gain(a, n, p, detail::standardise_along(a, n, p, input), input)
                            : detail::standardise_along(a, n, p, detail::apply_gain(a, n, p, input, input));
    if (!n.bias) return y;
    return a.store(a.add_row(y, detail::parameter(a, n, p.at("bias"), a.rows(y))), p.place("output"));
  });
}

// The norm in a slot; an empty slot is the identity. Otherwise as above.
template <Algebra A>
Tensor<A> norm(A& a, const NormSlot& slot, const ParameterView<A>& p, const Tensor<A>& x) {
  return slot ? norm(a, *slot, p, x) : x;
}

}  // namespace plumbline
