// What a residual block is, as plain data. A BlockSpec names every choice that changes the computed function;
// the wrong choices that real implementations make are values of the same knobs (see deviation.hpp).
#pragma once

#include <optional>

#include "plumbline/error.hpp"

namespace plumbline {

enum class NormKind { layer_norm, rms_norm };
enum class NormWidth { hidden, head_dim, full_heads };
enum class QkPosition { before_rope, after_rope };
// The right value of each of the next nine comes first; the others are bugs seen in the wild.
enum class VarianceDivisor { d, d_minus_1, one };
enum class EpsMode { inside_sqrt, outside_sqrt, clamp, none };
enum class Centring { by_kind, always, never, variance_only };
enum class NormScaling { rsqrt, sqrt, reciprocal };
enum class NormAxis { channels, tokens };
enum class GainPlace { after, before };
enum class Detached { none, mean, variance };
// What the gradient of gain and bias is summed from; averaged: over the tokens, where a sum is right.
enum class GainGradient { right, of_input, averaged };

// One normalization: N(x) = gamma * (x - mean) / sqrt(mean square + eps) + beta; rms_norm leaves the mean
// alone.
struct NormSpec {
  NormKind kind = NormKind::layer_norm;
  double eps = 1e-5;
  bool gain = true;
  int gain_offset = 0;  // 1: the effective gain is 1 + weight
  bool bias = true;
  NormWidth width = NormWidth::hidden;            // queries and keys only
  QkPosition position = QkPosition::before_rope;  // queries and keys only

  VarianceDivisor variance_divisor = VarianceDivisor::d;
  EpsMode eps_mode = EpsMode::inside_sqrt;
  Centring centring = Centring::by_kind;
  NormScaling scaling = NormScaling::rsqrt;
  NormAxis axis = NormAxis::channels;
  GainPlace gain_place = GainPlace::after;
  Detached detached = Detached::none;  // a statistic that the backward pass takes for a constant
  GainGradient gain_gradient = GainGradient::right;
  bool operator==(const NormSpec&) const = default;
};
using NormSlot = std::optional<NormSpec>;

// Where a normalization can stand: before the sublayer, on queries and keys, before the sublayer's last
// projection, on the branch output, after the add.
struct AttentionNorms {
  NormSlot in, q, k, mid, out, post;
  bool operator==(const AttentionNorms&) const = default;
};
struct FeedForwardNorms {
  NormSlot in, mid, out, post;
  bool operator==(const FeedForwardNorms&) const = default;
};

enum class MaskKind { bidirectional, causal, causal_sliding };
enum class MaskMode { exact, after_softmax, zero_score, finite };  // finite: -1e4 is added to masked scores
enum class ScaleRule { inv_sqrt_head_dim, inv_sqrt_scalar, one };
enum class SoftmaxMode { keys, queries, unnormalised };
enum class CausalAlignment { bottom_right, top_left };  // of unequal numbers of queries and keys
enum class HeadSharing { repeat, tile };
// What the backward pass of attention gets wrong: it takes softmax for elementwise (p dp where p (dp - sum p
// dp) is right); takes an operation for the identity; or hands keys and values the cotangent of one query
// head alone.
enum class AttentionBackward {
  right,
  softmax_elementwise,
  softcap_skipped,
  scale_skipped,
  rope_skipped,
  first_head
};
enum class RopeStyle { half, interleaved };

struct RopeSpec {
  RopeStyle style = RopeStyle::half;
  int rotary_dim = 0;
  double base = 10000;
  int direction = 1;   // -1: rotates backwards, on keys only (a rotation of both alike is unobservable)
  int key_offset = 0;  // keys are placed this many positions too late
  bool rotates_values = false;
  bool exponent_of_head_dim = false;  // base^(-2j/head_dim) where base^(-2j/rotary_dim) is right
  bool operator==(const RopeSpec&) const = default;
};

struct AttentionSpec {
  int n_heads = 0, n_kv_heads = 0, head_dim = 0;
  struct Bias {
    bool q = true, k = true, v = true, o = true;
    bool operator==(const Bias&) const = default;
  } bias;
  ScaleRule scale_rule = ScaleRule::inv_sqrt_head_dim;
  std::optional<double> scale_value;  // of inv_sqrt_scalar
  double scale_mult = 1;
  std::optional<double> logit_softcap;
  MaskKind mask = MaskKind::causal;
  std::optional<int> window;  // of causal_sliding: keys i-window < j <= i
  CausalAlignment causal_alignment = CausalAlignment::bottom_right;  // sdpa: the last query sees the last key

  int mask_offset = 0;  // +1: sees one key of the future; -1: does not see itself (token 0 does)
  MaskMode mask_mode = MaskMode::exact;
  bool softcap_after_mask = false;  // caps the masked scores too, so they leak
  SoftmaxMode softmax = SoftmaxMode::keys;
  HeadSharing head_sharing = HeadSharing::repeat;
  AttentionBackward backward = AttentionBackward::right;
  bool operator==(const AttentionSpec&) const = default;
};

enum class FeedForwardKind { mlp, glu };
enum class Activation { relu, gelu_erf, gelu_tanh, silu, quick_gelu };

struct FeedForwardSpec {
  FeedForwardKind kind = FeedForwardKind::mlp;
  Activation activation = Activation::gelu_erf;
  bool bias_in = true, bias_out = true;
  int d_ff = 0;
  bool gate_and_up_swapped = false;
  std::optional<Activation> derivative_of;  // the backward pass has this one's derivative
  bool gate_detached = false;               // and takes the gate for a constant
  bool operator==(const FeedForwardSpec&) const = default;
};

// What is under test: a stack of blocks, one block, a sublayer's branch alone (no norm, no residual), or a
// single operation. norm: N(x), of slot attn.in. add_norm: x, residual -> N(sum) beside sum = alpha residual
// + beta x. sdpa: q, k, v -> softmax(scale q k^T) v.
enum class Part { stack, block, attention, ffn, norm, add_norm, sdpa };
enum class Topology { sequential, parallel };
enum class ResidualSource { stream, normed };
// detached: no gradient flows through it.
enum class ResidualFault { none, dropped, doubled, block_input, detached };
enum class LayerParameters { own, first, reversed };

struct BlockSpec {
  Part part = Part::stack;
  int d = 0;
  int n_layers = 1;
  Topology topology = Topology::sequential;
  bool parallel_shared_norm = false;
  ResidualSource residual_source = ResidualSource::stream;
  double residual_scale = 1;
  double branch_scale = 1;
  AttentionNorms attn_norms;
  FeedForwardNorms ffn_norms;
  AttentionSpec attention;
  std::optional<RopeSpec> rope;
  FeedForwardSpec ffn;
  NormSlot final_norm;

  ResidualFault attn_residual = ResidualFault::none;
  ResidualFault ffn_residual = ResidualFault::none;
  bool ffn_reads_block_input = false;  // FFN(N(x)) where FFN(N(u)) is right
  bool ffn_norm_is_attn_norm = false;  // the second norm uses the first one's parameters
  bool ffn_first = false;              // sublayers in the wrong order
  bool scales_swapped = false;         // residual_scale multiplies the branch, branch_scale the residual
  LayerParameters layer_parameters = LayerParameters::own;
  int final_norm_times = 1;
  bool operator==(const BlockSpec&) const = default;
};

// Throws Error, naming the key path, where dimensions or numbers are impossible.
void validate(const BlockSpec& spec);

}  // namespace plumbline
