// Attention as data: its knobs, and what people get wrong with them; the formula stands in attention.hpp.
#pragma once

#include "plumbline/block/given_mask.hpp"
#include "plumbline/block/latent.hpp"
#include "plumbline/block/linear_attention_spec.hpp"
#include "plumbline/block/mask.hpp"
#include "plumbline/block/norm.hpp"
#include "plumbline/block/scores.hpp"
#include "plumbline/block/sink.hpp"

namespace plumbline {

// What the softmax is taken over: the keys, or one of the ways in which that goes wrong.
enum class SoftmaxMode { keys, queries, unnormalised };
PLUMBLINE_NAMES(SoftmaxMode, {keys, "keys"}, {queries, "queries"}, {unnormalised, "unnormalised"})
// Which key-value head a query head reads: each serves neighbours, or they take turns.
enum class HeadSharing { repeat, tile };
PLUMBLINE_NAMES(HeadSharing, {repeat, "repeat"}, {tile, "tile"})
// What the backward pass gets wrong: softmax taken for elementwise (p dp where p (dp - sum p dp) is right),
// an operation taken for the identity, keys and values with the cotangent of one query head alone.
enum class AttentionBackward {
  right,
  softmax_elementwise,
  softcap_skipped,
  scale_skipped,
  rope_skipped,
  first_head
};
PLUMBLINE_NAMES(AttentionBackward, {right, "right"}, {softmax_elementwise, "softmax_elementwise"},
                {softcap_skipped, "softcap_skipped"}, {scale_skipped, "scale_skipped"},
                {rope_skipped, "rope_skipped"}, {first_head, "first_head"})

// Which projections of attention have a bias.
struct AttentionBias {
  bool q = true, k = true, v = true, o = true;
  bool operator==(const AttentionBias&) const = default;
};

template <>
inline constexpr auto knobs<AttentionBias> =
    std::tuple{knob("q", &AttentionBias::q), knob("k", &AttentionBias::k), knob("v", &AttentionBias::v),
               knob("o", &AttentionBias::o)};

template <>
inline constexpr WrongChoice<AttentionBias> wrong_choices<AttentionBias>[] = {
    {"bias/k-missing", "k = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.k = false; }},
    {"bias/o-missing", "W o", "", [](AttentionBias& b) { b.o = false; }},
    {"bias/q-missing", "q = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.q = false; }},
    {"bias/v-missing", "v = W x", "sbryngelson/ANEForge#253", [](AttentionBias& b) { b.v = false; }},
};

// The attention branch as data, its norms apart.
struct AttentionSpec {
  int n_heads = 0, n_kv_heads = 0, head_dim = 0;
  std::optional<int> v_head_dim = {};
  std::optional<LatentSpec> latent = {};
  std::optional<LinearAttentionSpec> linear = {};
  AttentionBias bias;
  ScaleSpec scale;
  SoftcapSpec softcap;
  MaskSpec mask;
  std::optional<GivenSpec> given = {};
  SinkSpec sink = {};
  std::optional<Activation> gate = {};
  SoftmaxMode softmax = SoftmaxMode::keys;
  HeadSharing head_sharing = HeadSharing::repeat;
  AttentionBackward backward = AttentionBackward::right;
  bool operator==(const AttentionSpec&) const = default;
};

// The channels of a head of values, and of all of them.
inline int value_dim(const AttentionSpec& a) {
  return a.latent ? value_dim(*a.latent, a.head_dim) : a.v_head_dim.value_or(a.head_dim);
}
inline int value_width(const AttentionSpec& a) { return a.n_heads * value_dim(a); }

// Whether scores are anything but q k.
inline bool is_scaled(const AttentionSpec& a) {
  const Exact scale = score_scale(a.scale, a.head_dim);
  return scale.factor * scale.factor != scale.radicand;
}

template <>
inline constexpr auto knobs<AttentionSpec> = std::tuple{
    knob("n_heads", &AttentionSpec::n_heads, "of queries").within(size_range).implying([](AttentionSpec& a) {
      a.n_kv_heads = a.n_heads;
    }),
    knob("n_kv_heads", &AttentionSpec::n_kv_heads, "of keys and values; divides n_heads").within(size_range),
    knob("head_dim", &AttentionSpec::head_dim, "channels of a head").within(size_range),
    knob("v_head_dim", &AttentionSpec::v_head_dim,
         "of sdpa and linear_attention: channels of a head of values; null: head_dim")
        .within(size_range)
        .where_changed(),
    knob("latent", &AttentionSpec::latent,
         "queries, keys and values come from short vectors; none has a bias")
        .where_changed()
        .implying([](AttentionSpec& a) {
          if (a.latent) a.bias.q = a.bias.k = a.bias.v = false;
        }),
    knob("linear", &AttentionSpec::linear, "of part linear_attention: how tokens write to the state")
        .where_changed(),
    knob("bias", &AttentionSpec::bias, "which projections have one"),
    knob("scale", &AttentionSpec::scale, "what q k is multiplied by"),
    knob("", &AttentionSpec::softcap),
    knob("", &AttentionSpec::mask),
    knob("given", &AttentionSpec::given, "what a question says of its keys").where_changed(),
    knob("", &AttentionSpec::sink),
    knob("gate", &AttentionSpec::gate, "f: heads are multiplied by f(gate_proj x) before o_proj")
        .where_changed(),
    knob("softmax", &AttentionSpec::softmax, "what sums to 1").where_wrong(),
    knob("head_sharing", &AttentionSpec::head_sharing,
         "query head h reads key-value head h n_kv_heads / n_heads, "
         "or h mod n_kv_heads")
        .where_wrong(),
    knob("backward", &AttentionSpec::backward, "what the backward pass gets wrong").where_wrong()};

template <>
inline constexpr WrongChoice<AttentionSpec> wrong_choices<AttentionSpec>[] = {
    {"given/mask-before-scale", "scale (q k + mask)", "",
     [](AttentionSpec& s) {
       if (s.given && s.given->mask == GivenMask::additive && is_scaled(s))
         s.given->fault = GivenFault::mask_before_scale;
     }},
    {"given/mask-before-softcap", "the softcap of scores and mask", "onnx/onnx#7865",
     [](AttentionSpec& s) {
       if (s.given && s.given->mask == GivenMask::additive && s.softcap.cap)
         s.given->fault = GivenFault::mask_before_softcap;
     }},
    {"gate/missing", "heads as they are", "", [](AttentionSpec& s) { s.gate.reset(); }},
    {"gate/silu-for-sigmoid", "heads silu(gate_proj x) where heads sigmoid(gate_proj x) is right", "",
     [](AttentionSpec& s) {
       if (s.gate == Activation::sigmoid) s.gate = Activation::silu;
     }},
    {"heads/gradient-of-first", "keys and values get the gradient of their first query head alone", "",
     [](AttentionSpec& s) {
       if (s.n_kv_heads < s.n_heads) s.backward = AttentionBackward::first_head;
     }},
    {"heads/tiled", "query head h reads key-value head h mod n_kv_heads", "onnx/onnx#7274",
     [](AttentionSpec& s) {
       if (s.n_kv_heads < s.n_heads) s.head_sharing = HeadSharing::tile;
     }},
    {"linear-attention/state-transposed", "the state that is given is read as its transpose", "",
     [](AttentionSpec& s) {
       if (s.linear && s.linear->state && s.head_dim == value_dim(s))
         s.linear->fault = StateFault::state_transposed;
     }},
    {"scale/by-heads", "q k / sqrt(n_heads)", "tenstorrent/tt-metal#56789",
     [](AttentionSpec& s) { s.scale.rule = ScaleRule::inv_sqrt_scalar, s.scale.value = s.n_heads; }},
    {"scale/gradient-missing", "gradients of q and k lack the factor 1/sqrt(head_dim)", "",
     [](AttentionSpec& s) {
       if (s.scale.rule != ScaleRule::one) s.backward = AttentionBackward::scale_skipped;
     }},
    {"scale/missing", "q k", "mlc-ai/mlc-llm#3426",
     [](AttentionSpec& s) { s.scale.rule = ScaleRule::one, s.scale.value.reset(); }},
    {"scale/twice", "q k / head_dim", "",
     [](AttentionSpec& s) {
       s.scale.rule = ScaleRule::inv_sqrt_scalar, s.scale.value = double(s.head_dim) * s.head_dim;
     }},
    {"sink/by-row", "each query has the sink of the head that its row gives, among the rows of all heads",
     "modular/modular#6591",
     [](AttentionSpec& s) {
       if (s.sink.present && s.n_heads > 1) s.sink.fault = SinkFault::by_row;
     }},
    {"sink/of-first-head", "all heads have the first one's sink", "",
     [](AttentionSpec& s) {
       if (s.sink.present && s.n_heads > 1) s.sink.fault = SinkFault::first_head;
     }},
    {"sink/scaled", "the sink is scaled as scores are", "",
     [](AttentionSpec& s) {
       if (s.sink.present && is_scaled(s)) s.sink.fault = SinkFault::scaled;
     }},
    {"softcap/gradient-missing", "the backward pass takes the softcap for the identity", "",
     [](AttentionSpec& s) {
       if (s.softcap.cap) s.backward = AttentionBackward::softcap_skipped;
     }},
    {"softmax/gradient-elementwise", "the backward pass is p dp where p (dp - sum p dp) is right", "",
     [](AttentionSpec& s) { s.backward = AttentionBackward::softmax_elementwise; }},
    {"softmax/over-queries", "columns sum to 1", "",
     [](AttentionSpec& s) { s.softmax = SoftmaxMode::queries; }},
    {"softmax/unnormalised", "exp(scores)", "",
     [](AttentionSpec& s) { s.softmax = SoftmaxMode::unnormalised; }},
};

// Where a norm can stand: before the sublayer, on queries, keys and values, before o_proj, on the branch
// output, after the add.
struct AttentionNorms {
  NormSlot in, q, k, v, mid, out, post;
  bool operator==(const AttentionNorms&) const = default;
};

template <>
inline constexpr auto knobs<AttentionNorms> = std::tuple{
    knob("in", &AttentionNorms::in, "before attention"),
    knob("q", &AttentionNorms::q, "on queries").starting_as(NormSpec{.width = NormWidth::head_dim}),
    knob("k", &AttentionNorms::k, "on keys").starting_as(NormSpec{.width = NormWidth::head_dim}),
    knob("v", &AttentionNorms::v, "on values")
        .starting_as(NormSpec{.width = NormWidth::head_dim})
        .where_changed(),
    knob("mid", &AttentionNorms::mid, "before o_proj"),
    knob("out", &AttentionNorms::out, "on the branch output"),
    knob("post", &AttentionNorms::post, "after the add")};

}  // namespace plumbline
