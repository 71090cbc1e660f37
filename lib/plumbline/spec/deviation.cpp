#include "plumbline/spec/deviation.hpp"

#include <string>

namespace plumbline {
namespace {

template <class Change>
void each_norm(BlockSpec& s, Change change) {
  auto& a = s.attn_norms;
  auto& f = s.ffn_norms;
  for (NormSlot* slot :
       {&a.in, &a.q, &a.k, &a.mid, &a.out, &a.post, &f.in, &f.mid, &f.out, &f.post, &s.final_norm})
    if (*slot) change(**slot);
}

// The same change of every norm, as a change of the spec.
template <auto change>
void norms(BlockSpec& s) {
  each_norm(s, change);
}

void move_slot(BlockSpec& s, NormSlot AttentionNorms::*attn_from, NormSlot AttentionNorms::*attn_to,
               NormSlot FeedForwardNorms::*ffn_from, NormSlot FeedForwardNorms::*ffn_to) {
  const bool has_residuals = s.part == Part::stack || s.part == Part::block;
  if (!has_residuals || s.topology == Topology::parallel) return;
  if (!(s.attn_norms.*attn_from) || s.attn_norms.*attn_to) return;
  std::swap(s.attn_norms.*attn_from, s.attn_norms.*attn_to);
  std::swap(s.ffn_norms.*ffn_from, s.ffn_norms.*ffn_to);
}

void scale_by(AttentionSpec& a, double radicand) {
  a.scale_rule = ScaleRule::inv_sqrt_scalar;
  a.scale_value = radicand;
}

constexpr Deviation all_deviations[] = {
    {"activation/derivative-of-erf", "the backward pass has gelu_erf's derivative for gelu_tanh's", "",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::gelu_tanh) s.ffn.derivative_of = Activation::gelu_erf;
     }},
    {"activation/derivative-of-relu", "the backward pass lets through where x > 0", "",
     [](BlockSpec& s) {
       if (s.ffn.activation != Activation::relu) s.ffn.derivative_of = Activation::relu;
     }},
    {"activation/derivative-of-tanh", "the backward pass has gelu_tanh's derivative for gelu_erf's", "",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::gelu_erf) s.ffn.derivative_of = Activation::gelu_tanh;
     }},
    {"activation/erf-for-tanh", "gelu_erf where gelu_tanh is right", "huggingface/transformers#29402",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::gelu_tanh) s.ffn.activation = Activation::gelu_erf;
     }},
    {"activation/quick-for-silu", "x sigma(1.702 x) where x sigma(x) is right", "",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::silu) s.ffn.activation = Activation::quick_gelu;
     }},
    {"activation/relu", "max(x, 0) for any activation", "",
     [](BlockSpec& s) { s.ffn.activation = Activation::relu; }},
    {"activation/silu-for-quick", "x sigma(x) where x sigma(1.702 x) is right", "",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::quick_gelu) s.ffn.activation = Activation::silu;
     }},
    {"activation/tanh-for-erf", "gelu_tanh where gelu_erf is right", "",
     [](BlockSpec& s) {
       if (s.ffn.activation == Activation::gelu_erf) s.ffn.activation = Activation::gelu_tanh;
     }},
    {"bias/ffn-in-missing", "W x", "", [](BlockSpec& s) { s.ffn.bias_in = false; }},
    {"bias/ffn-out-missing", "W x", "", [](BlockSpec& s) { s.ffn.bias_out = false; }},
    {"bias/k-missing", "k = W x", "", [](BlockSpec& s) { s.attention.bias.k = false; }},
    {"bias/o-missing", "W o", "", [](BlockSpec& s) { s.attention.bias.o = false; }},
    {"bias/q-missing", "q = W x", "", [](BlockSpec& s) { s.attention.bias.q = false; }},
    {"bias/v-missing", "v = W x", "", [](BlockSpec& s) { s.attention.bias.v = false; }},
    {"ffn/gate-and-up-swapped", "f(up) gate", "",
     [](BlockSpec& s) { s.ffn.gate_and_up_swapped = s.ffn.kind == FeedForwardKind::glu; }},
    {"ffn/gate-detached", "the backward pass takes f(gate) for a constant", "",
     [](BlockSpec& s) { s.ffn.gate_detached = s.ffn.kind == FeedForwardKind::glu; }},
    {"ffn/reads-block-input", "FFN(N(x)) where FFN(N(u)) is right", "",
     [](BlockSpec& s) { s.ffn_reads_block_input = true; }},
    {"final-norm/missing", "the last norm is left out", "pytorch nn.TransformerEncoder with norm=None",
     [](BlockSpec& s) { s.final_norm.reset(); }},
    {"final-norm/twice", "N(N(x))", "pytorch/pytorch#24930",
     [](BlockSpec& s) {
       if (s.final_norm) s.final_norm_times = 2;
     }},
    {"heads/gradient-of-first", "keys and values get the gradient of their first query head alone", "",
     [](BlockSpec& s) {
       if (s.attention.n_kv_heads < s.attention.n_heads) s.attention.backward = AttentionBackward::first_head;
     }},
    {"heads/tiled", "query head h reads key-value head h mod n_kv_heads", "",
     [](BlockSpec& s) {
       if (s.attention.n_kv_heads < s.attention.n_heads) s.attention.head_sharing = HeadSharing::tile;
     }},
    {"layers/first-reused", "every layer uses the first layer's parameters", "",
     [](BlockSpec& s) {
       if (s.n_layers > 1) s.layer_parameters = LayerParameters::first;
     }},
    {"layers/reversed", "the last layer runs first", "",
     [](BlockSpec& s) {
       if (s.n_layers > 1) s.layer_parameters = LayerParameters::reversed;
     }},
    {"layout/ffn-first", "attention after the feed-forward", "",
     [](BlockSpec& s) { s.ffn_first = s.topology == Topology::sequential; }},
    {"layout/output-as-pre", "x + F(N(x)) where x + N(F(x)) is right", "keras-team/keras-io#2144",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::out, &AttentionNorms::in, &FeedForwardNorms::out, &FeedForwardNorms::in);
     },
     "out", "in"},
    {"layout/post-as-pre", "x + F(N(x)) where N(x + F(x)) is right", "",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::post, &AttentionNorms::in, &FeedForwardNorms::post,
                 &FeedForwardNorms::in);
     },
     "post", "in"},
    {"layout/pre-as-output", "x + N(F(x)) where x + F(N(x)) is right", "",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::in, &AttentionNorms::out, &FeedForwardNorms::in, &FeedForwardNorms::out);
     },
     "in", "out"},
    {"layout/pre-as-post", "N(x + F(x)) where x + F(N(x)) is right", "",
     [](BlockSpec& s) {
       move_slot(s, &AttentionNorms::in, &AttentionNorms::post, &FeedForwardNorms::in,
                 &FeedForwardNorms::post);
     },
     "in", "post"},
    {"layout/second-norm-is-first", "the feed-forward's norm uses the attention norm's parameters",
     "ml-explore/mlx#1636",
     [](BlockSpec& s) {
       if (s.ffn_norms.in || s.ffn_norms.post || s.ffn_norms.out) s.ffn_norm_is_attn_norm = true;
     }},
    {"mask/after-softmax", "softmax over all keys, then 0 where masked", "",
     [](BlockSpec& s) {
       if (s.attention.mask != MaskKind::bidirectional) s.attention.mask_mode = MaskMode::after_softmax;
     }},
    {"mask/finite", "-1e4 added to masked scores", "microsoft/torchscale",
     [](BlockSpec& s) {
       if (s.attention.mask != MaskKind::bidirectional) s.attention.mask_mode = MaskMode::finite;
     }},
    {"mask/hides-self", "j < i", "",
     [](BlockSpec& s) {
       if (s.attention.mask != MaskKind::bidirectional) s.attention.mask_offset = -1;
     }},
    {"mask/missing", "every key is seen", "",
     [](BlockSpec& s) {
       s.attention.mask = MaskKind::bidirectional;
       s.attention.window.reset();
     }},
    {"mask/sees-next", "j <= i + 1", "",
     [](BlockSpec& s) {
       if (s.attention.mask != MaskKind::bidirectional) s.attention.mask_offset = 1;
     }},
    {"mask/window-too-long", "i - j <= W", "huggingface/transformers: window W+1",
     [](BlockSpec& s) {
       if (s.attention.window) ++*s.attention.window;
     }},
    {"mask/window-too-short", "i - j < W - 1", "",
     [](BlockSpec& s) {
       if (s.attention.window && *s.attention.window > 1) --*s.attention.window;
     }},
    {"mask/zero-score", "masked scores are 0", "",
     [](BlockSpec& s) {
       if (s.attention.mask != MaskKind::bidirectional) s.attention.mask_mode = MaskMode::zero_score;
     }},
    {"norm/bias-missing", "no beta", "", norms<[](NormSpec& n) { n.bias = false; }>},
    {"norm/centred", "rms_norm of x - mean(x)", "", norms<[](NormSpec& n) {
       if (n.kind == NormKind::rms_norm) n.centring = Centring::always;
     }>},
    {"norm/eps-clamped", "max(v, eps)", "", norms<[](NormSpec& n) { n.eps_mode = EpsMode::clamp; }>},
    {"norm/eps-missing", "1/sqrt(v)", "", norms<[](NormSpec& n) { n.eps_mode = EpsMode::none; }>},
    {"norm/eps-outside-sqrt", "1/(sqrt(v) + eps)", "tracel-ai/burn#2185",
     norms<[](NormSpec& n) { n.eps_mode = EpsMode::outside_sqrt; }>},
    {"norm/gain-averaged", "gradients of gain and bias are means over the tokens, not sums", "",
     norms<[](NormSpec& n) {
       if (n.gain || n.bias) n.gain_gradient = GainGradient::averaged;
     }>},
    {"norm/gain-before", "N(gamma x) + beta", "", norms<[](NormSpec& n) {
       if (n.gain) n.gain_place = GainPlace::before;
     }>},
    {"norm/gain-gradient-of-input", "the gradient of gamma is sum g x where sum g xhat is right", "",
     norms<[](NormSpec& n) {
       if (n.gain) n.gain_gradient = GainGradient::of_input;
     }>},
    {"norm/gain-missing", "gamma = 1", "", norms<[](NormSpec& n) {
       n.gain = false;
       n.gain_offset = 0;
     }>},
    {"norm/gain-offset-flipped", "weight where 1 + weight is right, or the reverse", "",
     norms<[](NormSpec& n) {
       if (n.gain) n.gain_offset = 1 - n.gain_offset;
     }>},
    {"norm/mean-detached", "the backward pass takes the mean for a constant", "", norms<[](NormSpec& n) {
       if (n.kind == NormKind::layer_norm) n.detached = Detached::mean;
     }>},
    {"norm/multiplied-by-std", "x sqrt(v + eps)", "",
     norms<[](NormSpec& n) { n.scaling = NormScaling::sqrt; }>},
    {"norm/divided-by-variance", "x / (v + eps)", "TPlinker-joint-extraction#37",
     norms<[](NormSpec& n) { n.scaling = NormScaling::reciprocal; }>},
    {"norm/not-centred", "layer_norm of x, mean kept", "", norms<[](NormSpec& n) {
       if (n.kind == NormKind::layer_norm) n.centring = Centring::never;
     }>},
    {"norm/over-tokens", "statistics over the tokens of a channel", "", norms<[](NormSpec& n) {
       if (n.width == NormWidth::hidden) n.axis = NormAxis::tokens;
     }>},
    {"norm/sum-for-mean", "1/sqrt(sum x^2 + eps)", "",
     norms<[](NormSpec& n) { n.variance_divisor = VarianceDivisor::one; }>},
    {"norm/unbiased-variance", "sum / (d - 1)", "harvardnlp/annotated-transformer#119",
     norms<[](NormSpec& n) { n.variance_divisor = VarianceDivisor::d_minus_1; }>},
    {"norm/variance-detached", "the backward pass takes the variance for a constant", "",
     norms<[](NormSpec& n) { n.detached = Detached::variance; }>},
    {"norm/variance-only-centred", "x / sqrt(var(x) + eps)", "",
     norms<[](NormSpec& n) { n.centring = Centring::variance_only; }>},
    {"qk-norm/missing", "q and k as projected", "",
     [](BlockSpec& s) {
       s.attn_norms.q.reset();
       s.attn_norms.k.reset();
     }},
    {"residual/attn-detached", "no gradient flows through attention's residual", "",
     [](BlockSpec& s) { s.attn_residual = ResidualFault::detached; }},
    {"residual/attn-doubled", "x + x + F", "",
     [](BlockSpec& s) { s.attn_residual = ResidualFault::doubled; }},
    {"residual/attn-dropped", "F alone", "", [](BlockSpec& s) { s.attn_residual = ResidualFault::dropped; }},
    {"residual/ffn-block-input", "x + F(N(u)) where u + F(N(u)) is right", "",
     [](BlockSpec& s) { s.ffn_residual = ResidualFault::block_input; }},
    {"residual/ffn-detached", "no gradient flows through the feed-forward's residual", "",
     [](BlockSpec& s) { s.ffn_residual = ResidualFault::detached; }},
    {"residual/ffn-doubled", "u + u + F", "", [](BlockSpec& s) { s.ffn_residual = ResidualFault::doubled; }},
    {"residual/ffn-dropped", "F alone", "", [](BlockSpec& s) { s.ffn_residual = ResidualFault::dropped; }},
    {"residual/normed", "N(x) + F(N(x)) where x + F(N(x)) is right", "pytorch/pytorch#61165",
     [](BlockSpec& s) {
       if (s.attn_norms.in) s.residual_source = ResidualSource::normed;
     }},
    {"residual/scale-on-branch", "x + alpha F where alpha x + F is right",
     "labmlai/annotated_deep_learning_paper_implementations: deep_norm",
     [](BlockSpec& s) {
       if (s.residual_scale != s.branch_scale) s.scales_swapped = true;
     }},
    {"rope/backwards", "keys turn the wrong way", "",
     [](BlockSpec& s) {
       if (s.rope) s.rope->direction = -1;
     }},
    {"rope/base", "base 500000 where 10000 is right, or the reverse", "",
     [](BlockSpec& s) {
       if (s.rope) s.rope->base = s.rope->base == 10000 ? 500000 : 10000;
     }},
    {"rope/gradient-not-turned-back", "the backward pass takes the rotation for the identity", "",
     [](BlockSpec& s) {
       if (s.rope) s.attention.backward = AttentionBackward::rope_skipped;
     }},
    {"rope/key-offset", "keys stand one position too late", "",
     [](BlockSpec& s) {
       if (s.rope) s.rope->key_offset = 1;
     }},
    {"rope/missing", "no positions", "", [](BlockSpec& s) { s.rope.reset(); }},
    {"rope/style", "half where interleaved is right, or the reverse", "",
     [](BlockSpec& s) {
       if (s.rope)
         s.rope->style = s.rope->style == RopeStyle::half ? RopeStyle::interleaved : RopeStyle::half;
     }},
    {"rope/values", "values are rotated too", "",
     [](BlockSpec& s) {
       if (s.rope) s.rope->rotates_values = true;
     }},
    {"scale/by-heads", "q k / sqrt(n_heads)", "",
     [](BlockSpec& s) { scale_by(s.attention, s.attention.n_heads); }},
    {"scale/by-width", "q k / sqrt(d)", "", [](BlockSpec& s) { scale_by(s.attention, s.d); }},
    {"scale/gradient-missing", "gradients of q and k lack the factor 1/sqrt(head_dim)", "",
     [](BlockSpec& s) {
       if (s.attention.scale_rule != ScaleRule::one) s.attention.backward = AttentionBackward::scale_skipped;
     }},
    {"scale/missing", "q k", "",
     [](BlockSpec& s) {
       s.attention.scale_rule = ScaleRule::one;
       s.attention.scale_value.reset();
     }},
    {"scale/twice", "q k / head_dim", "",
     [](BlockSpec& s) { scale_by(s.attention, double(s.attention.head_dim) * s.attention.head_dim); }},
    {"softcap/after-mask", "masked scores are -cap", "",
     [](BlockSpec& s) {
       if (s.attention.logit_softcap) s.attention.softcap_after_mask = true;
     }},
    {"softcap/gradient-missing", "the backward pass takes the softcap for the identity", "",
     [](BlockSpec& s) {
       if (s.attention.logit_softcap) s.attention.backward = AttentionBackward::softcap_skipped;
     }},
    {"softcap/missing", "scores as they are", "", [](BlockSpec& s) { s.attention.logit_softcap.reset(); }},
    {"softmax/gradient-elementwise", "the backward pass is p dp where p (dp - sum p dp) is right", "",
     [](BlockSpec& s) { s.attention.backward = AttentionBackward::softmax_elementwise; }},
    {"softmax/over-queries", "columns sum to 1", "",
     [](BlockSpec& s) { s.attention.softmax = SoftmaxMode::queries; }},
    {"softmax/unnormalised", "exp(scores)", "",
     [](BlockSpec& s) { s.attention.softmax = SoftmaxMode::unnormalised; }},
};

}  // namespace

std::span<const Deviation> deviations() { return all_deviations; }

const Deviation& find_deviation(std::string_view id) {
  for (const Deviation& d : all_deviations)
    if (d.id == id) return d;
  throw Error("deviation: expected a known id, found \"" + std::string(id) + "\"");
}

}  // namespace plumbline
