// Attention with each of its features is its definition, entry by entry.
#include "properties/law.hpp"
#include "properties/laws/attention_by_definition.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope defined_attention =
    attention_alone("speaks of the attention branch alone, which every layout shares");

void value_is_the_definition(const Subject& f, BlockSpec spec) {
  const Instance at = draw_quiet(spec, 4);
  RC_ASSERT(equal(f.value(at), attention_by_definition(at)));
}

void causal_definition(const Subject& f) { value_is_the_definition(f, draw_attention(f, MaskKind::causal)); }
void sliding_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::causal_sliding));
}
void bidirectional_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::bidirectional));
}
void rope_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.position.rope =
      RopeSpec{.style = *rc::gen::element(RopeStyle::half, RopeStyle::interleaved), .rotary_dim = 4};
  spec.attention.head_dim = *rc::gen::element(4, 6);  // all channels turn, or some
  value_is_the_definition(f, spec);
}
void softcap_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.softcap.cap = 2;
  spec.attention.n_heads = 2;  // not head_dim, so that a scale by the number of heads shows
  value_is_the_definition(f, spec);
}

void alibi_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, *rc::gen::element(MaskKind::causal, MaskKind::bidirectional));
  spec.attention.n_heads = spec.attention.n_kv_heads = *rc::gen::element(3, 6);  // no powers of two
  spec.position.bias = AlibiSpec{};
  value_is_the_definition(f, spec);
}

void both_sides_definition(const Subject& f) {
  value_is_the_definition(f, draw_attention(f, MaskKind::sliding));
}

void buckets_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::bidirectional);
  spec.position.buckets = BucketsSpec{.count = 8, .max_distance = 7};
  value_is_the_definition(f, spec);
}

void latent_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.n_heads = spec.attention.n_kv_heads = 2;
  spec.attention.head_dim = 6;
  spec.attention.bias = {false, false, false, true};
  spec.attention.latent = LatentSpec{.q_rank = 3, .kv_rank = 4, .rope_dim = 4, .v_head_dim = 3, .eps = 1e-3};
  spec.position.rope = RopeSpec{.rotary_dim = 4};
  const Instance at = draw_quiet(spec, 4);
  RC_ASSERT(equal(f.value(at), latent_by_definition(at)));
}

void sink_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, *rc::gen::element(MaskKind::causal, MaskKind::bidirectional));
  spec.attention.sink.present = true;
  value_is_the_definition(f, spec);
}

void gate_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.gate = Activation::sigmoid;
  value_is_the_definition(f, spec);
}

void value_norm_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.norm_slots.attn.v = NormSpec{
      .kind = NormKind::rms_norm, .eps = 1e-3, .gain = false, .bias = false, .width = NormWidth::head_dim};
  value_is_the_definition(f, spec);
}

// Four pairs, of which those of high frequency stay, that of the lowest is divided, and some lie between.
// Kinds that know of a length are asked below it and beyond.
void scaled_rope_definition(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.attention.head_dim = 8;
  RopeScaling scaling;
  using enum RopeScalingKind;
  scaling.kind = *rc::gen::element(linear, llama3, yarn, longrope, dynamic);
  scaling.original_max_position = reads_length(scaling) ? *rc::gen::element(2, 1024) : 1024;
  if (is_longrope(scaling)) scaling.short_factor = {1, 1.25, 1.5, 2}, scaling.long_factor = {1.5, 3, 6, 12};
  spec.position.rope = RopeSpec{.rotary_dim = 8, .sign = *rc::gen::element(1, -1), .scaling = scaling};
  value_is_the_definition(f, spec);
}

}  // namespace

const std::vector<Law>& attention_definition_laws() {
  static const std::vector<Law> laws{
      {"ATT-DEF-causal",
       "causal attention is its definition, entry by entry",
       defined_attention,
       causal_definition,
       {"mask/missing", "mask/sees-next", "mask/hides-self", "mask/after-softmax", "mask/zero-score",
        "heads/tiled", "scale/missing", "scale/twice", "scale/by-width", "softmax/over-queries",
        "softmax/unnormalised", "bias/q-missing", "bias/v-missing", "bias/o-missing"}},
      {"ATT-DEF-sliding",
       "sliding attention is its definition, entry by entry",
       defined_attention,
       sliding_definition,
       {"mask/window-too-long", "mask/window-too-short", "mask/missing"}},
      {"ATT-DEF-bidirectional",
       "bidirectional attention is its definition, entry by entry",
       defined_attention,
       bidirectional_definition,
       {"scale/missing", "heads/tiled", "softmax/unnormalised"}},
      {"ATT-DEF-alibi",
       "attention with ALiBi is its definition, entry by entry",
       defined_attention,
       alibi_definition,
       {"alibi/missing", "alibi/sign", "alibi/slopes-evenly"}},
      {"ATT-12",
       "attention with rotary embeddings is its definition, entry by entry",
       defined_attention,
       rope_definition,
       {"rope/backwards", "rope/base", "rope/exponent-of-head-dim", "rope/key-offset", "rope/missing",
        "rope/style", "rope/values", "bias/k-missing"}},
      {"ATT-14",
       "attention with a softcap is its definition, entry by entry",
       defined_attention,
       softcap_definition,
       {"softcap/after-mask", "softcap/missing", "scale/by-heads"}},
      {"ATT-DEF-both-sides",
       "attention through windows to both sides is its definition, entry by entry",
       defined_attention,
       both_sides_definition,
       {"mask/one-sided", "mask/window-too-long", "mask/window-too-short"}},
      {"ATT-DEF-buckets",
       "attention with a table of relative positions is its definition, entry by entry",
       defined_attention,
       buckets_definition,
       {"buckets/missing", "buckets/one-sided", "buckets/sign"}},
      {"ATT-DEF-latent",
       "attention over latent vectors is its definition, entry by entry",
       defined_attention,
       latent_definition,
       {"latent/norm-missing", "latent/rope-on-nope"}},
      {"ATT-DEF-sink",
       "attention with sinks is its definition, entry by entry",
       defined_attention,
       sink_definition,
       {"sink/by-row", "sink/missing", "sink/of-first-head", "sink/scaled"}},
      {"ATT-DEF-gate",
       "attention with a gate is its definition, entry by entry",
       defined_attention,
       gate_definition,
       {"gate/missing", "gate/silu-for-sigmoid"}},
      {"ATT-DEF-value-norm",
       "attention with norms on values is its definition, entry by entry",
       defined_attention,
       value_norm_definition,
       {"v-norm/missing"}},
      {"ATT-DEF-scaled-rope",
       "attention with scaled rotary frequencies is its definition, entry by entry",
       defined_attention,
       scaled_rope_definition,
       {"rope/length-longest", "rope/length-original", "rope/longrope-factor-missing",
        "rope/scaling-by-steps", "rope/scaling-missing", "rope/sign", "rope/yarn-factor-missing"}},
  };
  return laws;
}

}  // namespace plumbline::properties
