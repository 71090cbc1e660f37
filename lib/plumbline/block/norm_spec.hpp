// A norm as data: its knobs, and what people get wrong with them.
#pragma once

#include <cmath>
#include <optional>

#include "plumbline/block/knob.hpp"

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
// 1/sqrt(v + eps), 1/(sqrt(v) + eps), 1/sqrt(max(v, eps)), 1/sqrt(v); of l2_norm also 1/sqrt(v + d eps).
enum class EpsMode { inside_sqrt, outside_sqrt, clamp, none, times_width };
PLUMBLINE_NAMES(EpsMode, {inside_sqrt, "inside_sqrt"}, {outside_sqrt, "outside_sqrt"}, {clamp, "clamp"},
                {none, "none"}, {times_width, "times_width"})
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
    {"l2/eps-times-width", "x / sqrt(sum x^2 + d eps) where x / sqrt(sum x^2 + eps) is right",
     "ml-explore/mlx-lm#1624",
     [](NormSpec& n) {
       if (is_l2_norm(n) && n.eps_use == EpsUse::added) n.eps_mode = EpsMode::times_width;
     }},
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

}  // namespace plumbline
