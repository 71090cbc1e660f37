// Layer normalization, RMS normalization, unit length, dynamic tanh and erf of each row, right and wrong.
#pragma once

#include <vector>

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/norm_spec.hpp"
#include "plumbline/block/part.hpp"

namespace plumbline {

namespace detail {

inline const char* symbol_of(NormKind kind) {
  switch (kind) {
    case NormKind::rms_norm: return "RMS";
    case NormKind::dyt: return "DyT";
    case NormKind::l2_norm: return "L2";
    case NormKind::derf: return "Derf";
    case NormKind::layer_norm: break;
  }
  return "LN";
}

template <Algebra A>
Tensor<A> row_mean(A& a, const Tensor<A>& x) {
  return a.divide(a.row_sum(x), a.cols(x));
}

// The mean square that is divided by, under each choice of the divisor; of l2_norm the sum of squares.
template <Algebra A>
Tensor<A> variance(A& a, const NormSpec& n, const Tensor<A>& centred) {
  const Tensor<A> sum = a.row_sum(a.mul(centred, centred));
  if (is_l2_norm(n)) return sum;
  switch (n.variance_divisor) {
    case VarianceDivisor::d: break;
    case VarianceDivisor::d_minus_1: return a.divide(sum, a.cols(centred) - 1);
    case VarianceDivisor::one: return sum;
  }
  return a.divide(sum, a.cols(centred));
}

// What each row of that many entries is multiplied by: 1 / sqrt(v + eps) where every choice is the right one.
template <Algebra A>
Tensor<A> row_factor(A& a, const NormSpec& n, const Tensor<A>& v, int width) {
  const Exact eps{n.eps}, squared_eps{.factor = n.eps, .squared = true};
  const bool is_at_least = n.eps_use == EpsUse::at_least;
  if (n.eps_mode == EpsMode::outside_sqrt) return a.reciprocal(a.add_scalar(a.reciprocal(a.rsqrt(v)), eps));
  const Tensor<A> stabilised = n.eps_mode == EpsMode::none          ? v
                               : n.eps_mode == EpsMode::clamp       ? a.maximum(v, eps)
                               : is_at_least                        ? a.maximum(v, squared_eps)
                               : n.eps_mode == EpsMode::times_width ? a.add_scalar(v, {n.eps * width})
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
  Tensor<A> v = a.store(variance(a, n, centred), p.place(Site::variance));
  if (n.detached == Detached::variance) v = a.detach(v);
  const Tensor<A>& numerator = n.centring == Centring::variance_only ? x : centred;
  return a.store(a.mul_col(numerator, row_factor(a, n, v, a.cols(x))), p.place(Site::normalized));
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
    return a.store(a.add(y, a.sub(of_input, a.detach(of_input))), p.place(Site::scaled));
  }
  return a.store(a.mul_row(x, gain), p.place(Site::scaled));
}

// One number in every channel.
template <Algebra A>
Tensor<A> in_every_channel(A& a, const Tensor<A>& number, int cols) {
  return a.concat_cols(std::vector<Tensor<A>>(std::size_t(cols), number));
}

// erf(alpha x + s), alpha and s one number each.
template <Algebra A>
Tensor<A> squash_by_erf(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  const Tensor<A> alpha = in_every_channel(a, p.at("alpha"), a.cols(x));
  const auto shifted = [&](const Tensor<A>& u) {
    return a.store(a.add_row(u, in_every_channel(a, p.at("shift"), a.cols(u))), p.place(Site::shifted));
  };
  const auto times_alpha = [&](const Tensor<A>& u) {
    return a.store(a.mul_row(u, alpha), p.place(Site::product));
  };
  const Tensor<A> argument = n.shift_place == ShiftPlace::after_alpha    ? shifted(times_alpha(x))
                             : n.shift_place == ShiftPlace::before_alpha ? times_alpha(shifted(x))
                                                                         : times_alpha(x);
  return a.store(a.activation(Activation::erf, 0, argument), p.place(Site::normalized));
}

// tanh(alpha x), alpha one number.
template <Algebra A>
Tensor<A> squash(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  if (n.kind == NormKind::derf) return squash_by_erf(a, n, p, x);
  const Tensor<A> alpha = in_every_channel(a, p.at("alpha"), a.cols(x));
  if (n.alpha_place == AlphaPlace::outside)
    return a.store(a.mul_row(a.tanh(x), alpha), p.place(Site::normalized));
  const bool inside = n.alpha_place == AlphaPlace::inside;
  const Tensor<A> argument = inside ? a.store(a.mul_row(x, alpha), p.place(Site::product)) : x;
  return a.store(a.tanh(argument), p.place(Site::normalized));
}

template <Algebra A>
Tensor<A> normalised(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  if (!has_statistics(n)) return squash(a, n, p, x);
  if (n.axis == NormAxis::channels) return standardise(a, n, p, x);
  return a.transpose(standardise(a, n, p, a.transpose(x)));
}

}  // namespace detail

// The norm that n describes, with its gain and bias, where it has them, under p.
//   formula: layer_norm: gamma (x - mean x) / sqrt(mean (x - mean x)^2 + eps) + beta; rms_norm: gamma x /
//     sqrt(mean x^2 + eps) (+ beta); l2_norm: gamma x / sqrt(sum x^2 + eps) or gamma x / max(|x|, eps) (+
//     beta); dyt: gamma tanh(alpha x) + beta; derf: gamma erf(alpha x + s) + beta; gamma = gain_offset +
//     weight
//   shapes: x [n,d] -> [n,d]; weight and bias [1,d], alpha and shift (s) [1,1]
//   domain: all x of dyt and derf; of the others eps > 0, or rows whose variance (mean or sum of squares) is
//   not
//     0
//   error: that of the algebra
//   bad input: throws Error where p holds no "weight", "bias", "alpha" or "shift"; a row without variance and
//   eps = 0
//     gives what the algebra makes of 0 times 1 / sqrt 0: NaN, or an enclosure marked trv
//   source: arXiv 1607.06450, 1910.07467, 2503.10622 (dyt), 2410.01131 (l2_norm, nGPT),
//     torch.nn.functional.normalize (at_least), 2512.10938 (derf)
template <Algebra A>
Tensor<A> norm(A& a, const NormSpec& n, const ParameterView<A>& p, const Tensor<A>& x) {
  return a.component(Component::norm, detail::symbol_of(n.kind), x, [&] {
    const Tensor<A> input = a.store(x, p.place(Site::input));
    const Tensor<A> y = n.gain_place == GainPlace::after
                            ? detail::apply_gain(a, n, p, detail::normalised(a, n, p, input), input)
                            : detail::normalised(a, n, p, detail::apply_gain(a, n, p, input, input));
    if (!n.bias) return y;
    return a.store(a.add_row(y, detail::parameter(a, n, p.at("bias"), a.rows(y))), p.place(Site::output));
  });
}

// The norm in a slot; an empty slot is the identity. Otherwise as above.
template <Algebra A>
Tensor<A> norm(A& a, const NormSlot& slot, const ParameterView<A>& p, const Tensor<A>& x) {
  return slot ? norm(a, *slot, p, x) : x;
}

// The number of channels that the norm in slot q, k or v sees at a time.
inline int norm_width(const NormSpec& norm, int hidden, int heads, int head_dim) {
  switch (norm.width) {
    case NormWidth::head_dim: return head_dim;
    case NormWidth::full_heads: return heads * head_dim;
    case NormWidth::hidden: break;
  }
  return hidden;
}

// The parameters of the norm in a slot, under that name.
inline void add_norm_shapes(ParameterShapes& out, const std::string& name, const NormSlot& slot, int width,
                            Module module = Module::norm) {
  if (!slot) return;
  if (has_alpha(*slot)) out.push_back({name + ".alpha", 1, 1, Role::gain, module});
  if (has_shift(*slot)) out.push_back({name + ".shift", 1, 1, Role::shift, module});
  if (slot->gain) out.push_back({name + ".weight", 1, width, Role::gain, module, slot->gain_offset});
  if (slot->bias) out.push_back({name + ".bias", 1, width, Role::shift, module});
}

template <>
struct PartOf<Part::norm> {
  static constexpr PartRecord record{.is_norm = true};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    add_norm_shapes(out, "norm", spec.norm_slots.attn.in, spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int,
                       Stream<A>*) {
    return norm(a, spec.norm_slots.attn.in, p.under_stream_norm("norm"), x);
  }
};

}  // namespace plumbline
