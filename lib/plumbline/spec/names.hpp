// The text of each enumerator, written once: the JSON form, the reports and the error messages use these.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

template <class E>
using Names = std::span<const std::pair<E, std::string_view>>;

// The enumerators of E with their names; the default of the knob comes first.
template <class E>
Names<E> names();

#define PLUMBLINE_NAMES(E, ...)                                              \
  template <>                                                                \
  inline Names<E> names<E>() {                                               \
    static constexpr std::pair<E, std::string_view> table[] = {__VA_ARGS__}; \
    return table;                                                            \
  }

PLUMBLINE_NAMES(NormKind, {NormKind::layer_norm, "layer_norm"}, {NormKind::rms_norm, "rms_norm"})
PLUMBLINE_NAMES(NormWidth, {NormWidth::hidden, "hidden"}, {NormWidth::head_dim, "head_dim"},
                {NormWidth::full_heads, "full_heads"})
PLUMBLINE_NAMES(QkPosition, {QkPosition::before_rope, "before_rope"}, {QkPosition::after_rope, "after_rope"})
PLUMBLINE_NAMES(VarianceDivisor, {VarianceDivisor::d, "d"}, {VarianceDivisor::d_minus_1, "d-1"},
                {VarianceDivisor::one, "1"})
PLUMBLINE_NAMES(EpsMode, {EpsMode::inside_sqrt, "inside_sqrt"}, {EpsMode::outside_sqrt, "outside_sqrt"},
                {EpsMode::clamp, "clamp"}, {EpsMode::none, "none"})
PLUMBLINE_NAMES(Centring, {Centring::by_kind, "by_kind"}, {Centring::always, "always"},
                {Centring::never, "never"}, {Centring::variance_only, "variance_only"})
PLUMBLINE_NAMES(NormScaling, {NormScaling::rsqrt, "rsqrt"}, {NormScaling::sqrt, "sqrt"},
                {NormScaling::reciprocal, "reciprocal"})
PLUMBLINE_NAMES(NormAxis, {NormAxis::channels, "channels"}, {NormAxis::tokens, "tokens"})
PLUMBLINE_NAMES(GainPlace, {GainPlace::after, "after"}, {GainPlace::before, "before"})
PLUMBLINE_NAMES(Detached, {Detached::none, "none"}, {Detached::mean, "mean"},
                {Detached::variance, "variance"})
PLUMBLINE_NAMES(GainGradient, {GainGradient::right, "right"}, {GainGradient::of_input, "of_input"},
                {GainGradient::averaged, "averaged"})
PLUMBLINE_NAMES(MaskKind, {MaskKind::causal, "causal"}, {MaskKind::bidirectional, "bidirectional"},
                {MaskKind::causal_sliding, "causal_sliding"})
PLUMBLINE_NAMES(MaskMode, {MaskMode::exact, "exact"}, {MaskMode::after_softmax, "after_softmax"},
                {MaskMode::zero_score, "zero_score"}, {MaskMode::finite, "finite"})
PLUMBLINE_NAMES(ScaleRule, {ScaleRule::inv_sqrt_head_dim, "inv_sqrt_head_dim"},
                {ScaleRule::inv_sqrt_scalar, "inv_sqrt_scalar"}, {ScaleRule::one, "one"})
PLUMBLINE_NAMES(SoftmaxMode, {SoftmaxMode::keys, "keys"}, {SoftmaxMode::queries, "queries"},
                {SoftmaxMode::unnormalised, "unnormalised"})
PLUMBLINE_NAMES(CausalAlignment, {CausalAlignment::bottom_right, "bottom_right"},
                {CausalAlignment::top_left, "top_left"})
PLUMBLINE_NAMES(HeadSharing, {HeadSharing::repeat, "repeat"}, {HeadSharing::tile, "tile"})
PLUMBLINE_NAMES(AttentionBackward, {AttentionBackward::right, "right"},
                {AttentionBackward::softmax_elementwise, "softmax_elementwise"},
                {AttentionBackward::softcap_skipped, "softcap_skipped"},
                {AttentionBackward::scale_skipped, "scale_skipped"},
                {AttentionBackward::rope_skipped, "rope_skipped"},
                {AttentionBackward::first_head, "first_head"})
PLUMBLINE_NAMES(RopeStyle, {RopeStyle::half, "half"}, {RopeStyle::interleaved, "interleaved"})
PLUMBLINE_NAMES(FeedForwardKind, {FeedForwardKind::mlp, "mlp"}, {FeedForwardKind::glu, "glu"})
PLUMBLINE_NAMES(Activation, {Activation::relu, "relu"}, {Activation::gelu_erf, "gelu_erf"},
                {Activation::gelu_tanh, "gelu_tanh"}, {Activation::silu, "silu"},
                {Activation::quick_gelu, "quick_gelu"})
PLUMBLINE_NAMES(Part, {Part::stack, "stack"}, {Part::block, "block"}, {Part::attention, "attention"},
                {Part::ffn, "ffn"}, {Part::norm, "norm"}, {Part::add_norm, "add_norm"}, {Part::sdpa, "sdpa"})
PLUMBLINE_NAMES(Topology, {Topology::sequential, "sequential"}, {Topology::parallel, "parallel"})
PLUMBLINE_NAMES(ResidualSource, {ResidualSource::stream, "stream"}, {ResidualSource::normed, "normed"})
PLUMBLINE_NAMES(ResidualFault, {ResidualFault::none, "none"}, {ResidualFault::dropped, "dropped"},
                {ResidualFault::doubled, "doubled"}, {ResidualFault::block_input, "block_input"},
                {ResidualFault::detached, "detached"})
PLUMBLINE_NAMES(LayerParameters, {LayerParameters::own, "own"}, {LayerParameters::first, "first"},
                {LayerParameters::reversed, "reversed"})
#undef PLUMBLINE_NAMES

template <class E>
std::string_view name_of(E value) {
  for (auto [e, text] : names<E>())
    if (e == value) return text;
  return "?";
}

}  // namespace plumbline
