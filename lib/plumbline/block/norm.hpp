// Layer normalization, RMS normalization, unit length, dynamic tanh and erf of each row, right and wrong.
#pragma once

#include <cmath>
#include <vector>

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/knob.hpp"
#include "plumbline/block/part.hpp"

namespace plumbline {

// What a row is divided by, its standard deviation, its root mean square or its length; or tanh or erf of
// each entry.
enum class NormKind { layer_norm, rms_norm, dyt, l2_norm, derf };
PLUMBLINE_NAMES(NormKind, {layer_norm, "layer_norm"}, {rms_norm, "rms_norm"}, {dyt, "dyt"},
                {l2_norm, "l2_norm"}, {derf, "derf"})
// Of l2_norm: sqrt(sum x^2 + eps), or max(|x|, eps).
enum class EpsUse { added, at_least };
PLUMBLINE_NAMES(EpsUse, {added, "added"}, {at_least, "at_least"})
// Of queries, keys and values: each head by itself, or all heads together.
enum class NormWidth { hidden, head_dim, full_heads };
PLUMBLINE_NAMES(NormWidth, {hidden, "hidden"}, {head_dim, "head_dim"}, {full_heads, "full_heads"})
// Of norms on queries and keys.
enum class QkPosition { before_rope, after_rope };
PLUMBLINE_NAMES(QkPosition, {before_rope, "before_rope"}, {after_rope, "after_rope"})

// The right value of each of these comes first; the others are bugs seen in the wild.
enum class VarianceDivisor { d, d_minus_1, one };
PLUMBLINE_NAMES(VarianceDivisor, {d, "d"}, {d_minus_1, "d-1"}, {one, "1"})
// 1/sqrt(v + eps), 1/(sqrt(v) + eps), 1/sqrt(max(v, eps)), 1/sqrt(v).
enum class EpsMode { inside_sqrt, outside_sqrt, clamp, none };
PLUMBLINE_NAMES(EpsMode, {inside_sqrt, "inside_sqrt"}, {outside_sqrt, "outside_sqrt"}, {clamp, "clamp"},
                {none, "none"})
// What the mean is taken out of: as the kind says; always; never; of the variance alone.
enum class Centring { by_kind, always, never, variance_only };
PLUMBLINE_NAMES(Centring, {by_kind, "by_kind"}, {always, "always"}, {never, "never"},
                {variance_only, "variance_only"})
// What x is multiplied by: 1/sqrt(v + eps), its inverse, 1/(v + eps).
enum class NormScaling { rsqrt, sqrt, reciprocal };
PLUMBLINE_NAMES(NormScaling, {rsqrt, "rsqrt"}, {sqrt, "sqrt"}, {reciprocal, "reciprocal"})
// Over what statistics are taken.
enum class NormAxis { channels, tokens };
PLUMBLINE_NAMES(NormAxis, {channels, "channels"}, {tokens, "tokens"})
// gamma after the statistics, or before them.
enum class GainPlace { after, before };
PLUMBLINE_NAMES(GainPlace, {after, "after"}, {before, "before"})
// The statistic that the backward pass takes for a constant.
enum class Detached { none, mean, variance };
PLUMBLINE_NAMES(Detached, {none, "none"}, {mean, "mean"}, {variance, "variance"})
// Of dyt: tanh(alpha x), alpha tanh x, tanh x.
enum class AlphaPlace { inside, outside, nowhere };
PLUMBLINE_NAMES(AlphaPlace, {inside, "inside"}, {outside, "outside"}, {nowhere, "nowhere"})
// Of derf: erf(alpha x + s), erf(alpha (x + s)), erf(alpha x).
enum class ShiftPlace { after_alpha, before_alpha, nowhere };
PLUMBLINE_NAMES(ShiftPlace, {after_alpha, "after_alpha"}, {before_alpha, "before_alpha"},
                {nowhere, "nowhere"})
// What the gradient of gain and bias is summed from; averaged: over the tokens, where a sum is right.
enum class GainGradient { right, of_input, averaged };
PLUMBLINE_NAMES(GainGradient, {right, "right"}, {of_input, "of_input"}, {averaged, "averaged"})

// A norm as data.
struct NormSpec {
  NormKind kind = NormKind::layer_norm;
  double eps = 1e-5;
  bool gain = true;
  int gain_offset = 0;
  bool bias = true;
  NormWidth width = NormWidth::hidden;
  QkPosition position = QkPosition::before_rope;
  EpsUse eps_use = EpsUse::added;

  VarianceDivisor variance_divisor = VarianceDivisor::d;
  EpsMode eps_mode = EpsMode::inside_sqrt;
  Centring centring = Centring::by_kind;
  NormScaling scaling = NormScaling::rsqrt;
  NormAxis axis = NormAxis::channels;
  GainPlace gain_place = GainPlace::after;
  Detached detached = Detached::none;
  GainGradient gain_gradient = GainGradient::right;
  AlphaPlace alpha_place = AlphaPlace::inside;
  ShiftPlace shift_place = ShiftPlace::after_alpha;
  bool operator==(const NormSpec&) const = default;
};
// Whether it divides a row by a number of its own; by one that is a mean over the channels; by its length.
inline bool has_statistics(const NormSpec& n) { return n.kind != NormKind::dyt && n.kind != NormKind::derf; }
inline bool averages(const NormSpec& n) {
  return n.kind == NormKind::layer_norm || n.kind == NormKind::rms_norm;
}
inline bool is_l2_norm(const NormSpec& n) { return n.kind == NormKind::l2_norm; }
// Whether entries are multiplied by one learned number; whether another one is added.
inline bool has_alpha(const NormSpec& n) { return !has_statistics(n); }
inline bool is_dyt(const NormSpec& n) { return n.kind == NormKind::dyt; }
inline bool has_shift(const NormSpec& n) { return n.kind == NormKind::derf; }
// Of norms with statistics: the size of a row, what it is divided by, about which eps matters.
inline double size_of_eps(const NormSpec& n) {
  return n.eps_use == EpsUse::at_least ? n.eps : std::sqrt(n.eps);
}
// A place where a norm can stand; nothing there is the identity.
using NormSlot = std::optional<NormSpec>;

template <>
inline constexpr auto knobs<NormSpec> = std::tuple{
    knob("kind", &NormSpec::kind,
         "layer_norm takes the mean out; l2_norm is x / |x|; dyt is tanh of each entry, derf erf of it")
        .implying([](NormSpec& n) {  // the field's defaults
          n.bias = n.bias && n.kind != NormKind::rms_norm && n.kind != NormKind::l2_norm;
          n.gain = n.gain && n.kind != NormKind::l2_norm;
        }),
    knob("eps", &NormSpec::eps, "added to the mean square, or as eps_use says")
        .within(not_negative)
        .only_of(has_statistics),
    knob("gain", &NormSpec::gain, "gamma").called("none", "vector"),
    knob("gain_offset", &NormSpec::gain_offset, "1: gamma is 1 + weight").within({0, 1}),
    knob("bias", &NormSpec::bias, "beta"),
    knob("width", &NormSpec::width, "of queries, keys and values: what is normalized at a time"),
    knob("position", &NormSpec::position, "of queries and keys: before or after the rotary embedding"),
    knob("eps_use", &NormSpec::eps_use, "of l2_norm: sqrt(sum x^2 + eps), or max(|x|, eps)")
        .where_changed()
        .only_of(is_l2_norm),
    knob("variance_divisor", &NormSpec::variance_divisor, "what the sum of squares is divided by")
        .where_wrong()
        .only_of(averages),
    knob("eps_mode", &NormSpec::eps_mode, "what is done with eps").where_wrong().only_of(has_statistics),
    knob("centring", &NormSpec::centring, "what the mean is taken out of")
        .where_wrong()
        .only_of(has_statistics),
    knob("scaling", &NormSpec::scaling, "what x is multiplied by").where_wrong().only_of(has_statistics),
    knob("axis", &NormSpec::axis, "what statistics are taken over").where_wrong().only_of(has_statistics),
    knob("gain_place", &NormSpec::gain_place, "gamma before the statistics").where_wrong(),
    knob("detached", &NormSpec::detached, "the statistic that the backward pass takes for a constant")
        .where_wrong()
        .only_of(has_statistics),
    knob("gain_gradient", &NormSpec::gain_gradient, "what the gradients of gamma and beta are").where_wrong(),
    knob("alpha_place", &NormSpec::alpha_place, "of dyt: where alpha stands").where_wrong().only_of(is_dyt),
    knob("shift_place", &NormSpec::shift_place, "of derf: where s stands").where_wrong().only_of(has_shift)};

template <>
inline constexpr WrongChoice<NormSpec> wrong_choices<NormSpec>[] = {
    {"derf/shift-before-alpha", "erf(alpha (x + s)) where erf(alpha x + s) is right", "",
     [](NormSpec& n) { n.shift_place = ShiftPlace::before_alpha; }},
    {"derf/shift-missing", "erf(alpha x) where erf(alpha x + s) is right", "",
     [](NormSpec& n) { n.shift_place = ShiftPlace::nowhere; }},
    {"derf/tanh-for-erf", "tanh(alpha x) where erf(alpha x + s) is right", "",
     [](NormSpec& n) {
       if (n.kind == NormKind::derf) n.kind = NormKind::dyt;
     }},
    {"dyt/alpha-missing", "tanh(x) where tanh(alpha x) is right", "",
     [](NormSpec& n) { n.alpha_place = AlphaPlace::nowhere; }},
    {"dyt/alpha-outside", "alpha tanh(x) where tanh(alpha x) is right", "",
     [](NormSpec& n) { n.alpha_place = AlphaPlace::outside; }},
    {"l2/eps-added", "x / sqrt(sum x^2 + eps) where x / max(|x|, eps) is right", "",
     [](NormSpec& n) { n.eps_use = EpsUse::added; }},
    {"l2/mean-for-sum", "x / sqrt(mean x^2 + eps) where x / |x| is right", "",
     [](NormSpec& n) {
       if (n.kind == NormKind::l2_norm) n.kind = NormKind::rms_norm;
     }},
    {"norm/bias-missing", "no beta", "", [](NormSpec& n) { n.bias = false; }},
    {"norm/centred", "rms_norm of x - mean(x)", "",
     [](NormSpec& n) {
       if (n.kind == NormKind::rms_norm) n.centring = Centring::always;
     }},
    {"norm/divided-by-variance", "x / (v + eps)", "",
     [](NormSpec& n) { n.scaling = NormScaling::reciprocal; }},
    {"norm/eps-clamped", "max(v, eps)", "", [](NormSpec& n) { n.eps_mode = EpsMode::clamp; }},
    {"norm/eps-missing", "1/sqrt(v)", "torchcvnn/torchcvnn#32",
     [](NormSpec& n) { n.eps_mode = EpsMode::none; }},
    {"norm/eps-outside-sqrt", "1/(sqrt(v) + eps)", "tracel-ai/burn#2185",
     [](NormSpec& n) { n.eps_mode = EpsMode::outside_sqrt; }},
    {"norm/gain-averaged", "gradients of gain and bias are means over the tokens, not sums", "",
     [](NormSpec& n) {
       if (n.gain || n.bias) n.gain_gradient = GainGradient::averaged;
     }},
    {"norm/gain-before", "N(gamma x) + beta", "",
     [](NormSpec& n) {
       if (n.gain) n.gain_place = GainPlace::before;
     }},
    {"norm/gain-gradient-of-input", "the gradient of gamma is sum g x where sum g xhat is right", "",
     [](NormSpec& n) {
       if (n.gain) n.gain_gradient = GainGradient::of_input;
     }},
    {"norm/gain-missing", "gamma = 1", "", [](NormSpec& n) { n.gain = false, n.gain_offset = 0; }},
    {"norm/gain-offset-flipped", "weight where 1 + weight is right, or the reverse", "",
     [](NormSpec& n) {
       if (n.gain) n.gain_offset = 1 - n.gain_offset;
     }},
    {"norm/mean-detached", "the backward pass takes the mean for a constant", "",
     [](NormSpec& n) {
       if (n.kind == NormKind::layer_norm) n.detached = Detached::mean;
     }},
    {"norm/multiplied-by-std", "x sqrt(v + eps)", "mosaicml/llm-foundry#371",
     [](NormSpec& n) { n.scaling = NormScaling::sqrt; }},
    {"norm/not-centred", "layer_norm of x, mean kept", "",
     [](NormSpec& n) {
       if (n.kind == NormKind::layer_norm) n.centring = Centring::never;
     }},
    {"norm/over-tokens", "statistics over the tokens of a channel", "",
     [](NormSpec& n) {
       if (n.width == NormWidth::hidden) n.axis = NormAxis::tokens;
     }},
    {"norm/sum-for-mean", "1/sqrt(sum x^2 + eps)", "",
     [](NormSpec& n) { n.variance_divisor = VarianceDivisor::one; }},
    {"norm/unbiased-variance", "sum / (d - 1)", "harvardnlp/annotated-transformer#119",
     [](NormSpec& n) { n.variance_divisor = VarianceDivisor::d_minus_1; }},
    {"norm/variance-detached", "the backward pass takes the variance for a constant", "",
     [](NormSpec& n) { n.detached = Detached::variance; }},
    {"norm/variance-only-centred", "x / sqrt(var(x) + eps)", "keras-team/keras#21234",
     [](NormSpec& n) { n.centring = Centring::variance_only; }},
};

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

// What each row is multiplied by: 1 / sqrt(v + eps) where every choice is the right one.
template <Algebra A>
Tensor<A> row_factor(A& a, const NormSpec& n, const Tensor<A>& v) {
  const Exact eps{n.eps}, squared_eps{.factor = n.eps, .squared = true};
  const bool is_at_least = n.eps_use == EpsUse::at_least;
  if (n.eps_mode == EpsMode::outside_sqrt) return a.reciprocal(a.add_scalar(a.reciprocal(a.rsqrt(v)), eps));
  const Tensor<A> stabilised = n.eps_mode == EpsMode::none    ? v
                               : n.eps_mode == EpsMode::clamp ? a.maximum(v, eps)
                               : is_at_least                  ? a.maximum(v, squared_eps)
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
  return a.store(a.mul_col(numerator, row_factor(a, n, v)), p.place(Site::normalized));
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
