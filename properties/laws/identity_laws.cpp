// Identities between specs: two different specs that are the same function.
#include "plumbline/spec/presets.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope any_block = both_norms(every_layout, "speaks of a whole block"),
            normed_output = both_norms({"output_norm", "sandwich"}, "no norm stands on the branch's output"),
            parallel_block = both_norms({"parallel"}, "speaks of parallel blocks alone"),
            scaled_stream = both_norms({"deep_norm"}, "speaks of DeepNorm alone"),
            silent_layer = both_norms({"pre_norm", "sandwich"}, "a silent layer is not the identity there"),
            identity_rms_norm =
                rms_norm_only({"norm"}, "the other side of the identity", "speaks of a norm alone"),
            identity_norm = both_norms({"norm"}, "speaks of a norm alone");

void a_long_window_is_causal(const Subject& f) {
  const Instance causal = draw_quiet(draw_spec(f.cell()), 4);
  Instance sliding = causal;
  sliding.spec.attention.mask.kind = MaskKind::causal_sliding;
  sliding.spec.attention.mask.window = 4;
  RC_ASSERT(equal(f.value(sliding), reference.value(causal)));
}

// Row 2j of each head of an interleaved projection is row j of a half-split one, row 2j + 1 is row j + h/2.
void half_rope_is_interleaved_rope_of_permuted_rows(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  const int h = spec.attention.head_dim;
  spec.position.rope = RopeSpec{.style = RopeStyle::interleaved, .rotary_dim = h};
  const Instance interleaved = draw_quiet(spec, 4);
  Instance half = interleaved;
  half.spec.position.rope->style = RopeStyle::half;
  for (const char* p : {"q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"}) {
    const Matrix<I>& from = interleaved.parameters.at("layers.0.attn." + std::string(p));
    Matrix<I>& to = half.parameters.at("layers.0.attn." + std::string(p));
    const bool bias = from.rows() == 1;
    for (int i = 0; i < (bias ? from.cols() : from.rows()); ++i) {
      const int in_head = i % h, target = i - in_head + in_head / 2 + (in_head % 2) * (h / 2);
      if (bias)
        to.col(target) = from.col(i);
      else
        to.row(target) = from.row(i);
    }
  }
  RC_ASSERT(equal(f.value(interleaved), reference.value(half)));
}

// A gain of 0: weight 0, or -1 where the gain is 1 + weight.
void a_silenced_norm_silences_its_branch(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  const int offset = draw_number_from(0, 1);
  for (NormSlot* n : {&spec.norm_slots.attn.out, &spec.norm_slots.ffn.out}) {
    (*n)->gain_offset = offset;
    (*n)->bias = false;
  }
  Instance at = draw_instance(spec);
  for (const char* n : {"layers.0.attn.norm_out.weight", "layers.0.ffn.norm_out.weight"})
    at.parameters.at(n).setConstant(I(-offset));
  RC_ASSERT(equal(f.value(at), at.x));
}

// |C tanh(l/C) - l| <= |l|^3/(3 C^2): below 2^-150 for scores below 2^10, and a weight moves by no more.
void a_far_cap_is_none(const Subject& f) {
  const Instance plain = draw_quiet(draw_spec(f.cell()), 4);
  Instance capped = plain;
  capped.spec.attention.softcap.cap = 0x1p100;
  const Matrix<I> y = reference.value(plain), moved = f.value(capped);
  const I slack = hull(I(-1), I(1)) * I(0x1p-120);
  RC_ASSERT(equal(moved, y + Matrix<I>::Constant(y.rows(), y.cols(), slack)));
}

void parallel_without_attention_is_a_sublayer(const Subject& f) {
  Instance at = draw_instance(draw_spec(f.cell()));
  silence(at, "layers.0.attn.o_proj");
  Instance sublayer = at;
  sublayer.spec.topology = Topology::sequential;
  sublayer.spec.parallel_shared_norm = false;
  sublayer.spec.norm_slots.ffn.in = at.spec.norm_slots.attn.in;
  for (const char* leaf : {".weight", ".bias"})
    if (const auto norm = at.parameters.find("layers.0.norm_in" + std::string(leaf));
        norm != at.parameters.end())
      for (const char* slot : {"layers.0.attn.norm_in", "layers.0.ffn.norm_in"})
        sublayer.parameters[slot + std::string(leaf)] = norm->second;
  RC_ASSERT(equal(f.value(at), reference.value(sublayer)));
}

void deep_norm_of_scale_one_is_post_norm(const Subject& f) {
  Instance deep = draw_instance(draw_spec(f.cell()));
  deep.spec.residual_scale = 1;
  Instance post = deep;
  post.spec = with_layout(deep.spec, "post_norm", *deep.spec.norm_slots.attn.post);
  RC_ASSERT(equal(f.value(deep), reference.value(post)));
}

void with_one_head_the_widths_of_qk_norm_agree(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.attention.n_heads = spec.attention.n_kv_heads = 1;
  spec.norm_slots.attn.q = spec.norm_slots.attn.k =
      NormSpec{.kind = NormKind::rms_norm, .eps = 1e-3, .bias = false, .width = NormWidth::head_dim};
  const Instance per_head = draw_quiet(spec, 4);
  Instance full = per_head;
  full.spec.norm_slots.attn.q->width = full.spec.norm_slots.attn.k->width = NormWidth::full_heads;
  RC_ASSERT(equal(f.value(per_head), reference.value(full)));
  RC_ASSERT(equal(f.value(full), reference.value(per_head)));
}

void rms_norm_is_layer_norm_of_a_centred_row(const Subject& f) {
  Instance rms = draw_instance(draw_spec(f.cell()));
  for (Eigen::Index t = 0; t < rms.x.rows(); ++t) rms.x(t, 0) -= rms.x.row(t).sum();  // exact in 60 digits
  Instance layer = rms;
  layer.spec.norm_slots.attn.in->kind = NormKind::layer_norm;
  RC_ASSERT(equal(f.value(rms), reference.value(layer)));
}

void a_silent_layer_adds_nothing(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.n_layers = 2;
  for (NormSlot* n : {&spec.norm_slots.attn.out, &spec.norm_slots.ffn.out})
    if (*n) (*n)->bias = false;
  Instance at = draw_quiet(spec, 3);
  silence(at, "layers.1.attn.o_proj");
  silence(at, "layers.1.ffn.down_proj");
  RC_ASSERT(equal(f.value(at), reference.value(layer_alone(at, 0, at.x))));
}

void at_eps_zero_a_second_norm_does_nothing(const Subject& f) {
  Instance at = draw_instance(draw_spec(f.cell()));
  NormSpec& norm = *at.spec.norm_slots.attn.in;
  norm.eps = 0;
  norm.gain = norm.bias = false;
  const Matrix<I> once = reference.value(at);
  RC_ASSERT(equal(f.value(at, once), once));
}

}  // namespace

const std::vector<Law>& identity_laws() {
  static const std::vector<Law> laws{
      {"LN-13b",
       "at eps = 0 and unit gain a norm of a normalized row is the identity",
       identity_norm,
       at_eps_zero_a_second_norm_does_nothing,
       {"norm/unbiased-variance", "norm/sum-for-mean", "norm/over-tokens"}},
      {"META-1",
       "a window of at least T keys is causal attention",
       any_block,
       a_long_window_is_causal,
       {"mask/window-too-short", "mask/missing", "mask/sees-next"}},
      {"META-2",
       "interleaved rotary embeddings are half-split ones of permuted rows",
       any_block,
       half_rope_is_interleaved_rope_of_permuted_rows,
       {"rope/style", "rope/base", "rope/backwards", "rope/values", "rope/missing"}},
      {"META-3",
       "a gain of 0 on the branch's output makes the block the identity",
       normed_output,
       a_silenced_norm_silences_its_branch,
       {"norm/gain-offset-flipped", "norm/gain-missing", "residual/attn-doubled", "layout/output-as-pre"}},
      {"META-4",
       "a softcap beyond all scores is none",
       any_block,
       a_far_cap_is_none,
       {"mask/sees-next", "scale/twice", "heads/tiled"}},
      {"META-5",
       "a parallel block whose attention is silent is a pre-norm feed-forward sublayer",
       parallel_block,
       parallel_without_attention_is_a_sublayer,
       {"residual/normed", "residual/attn-doubled", "norm/gain-missing", "bias/ffn-out-missing"}},
      {"META-6",
       "DeepNorm with residual scale 1 is post-norm",
       scaled_stream,
       deep_norm_of_scale_one_is_post_norm,
       {"layout/post-as-pre", "layout/second-norm-is-first", "norm/eps-clamped"}},
      {"META-7",
       "with one head, norms on q and k over a head or over all heads are the same",
       any_block,
       with_one_head_the_widths_of_qk_norm_agree,
       {"qk-norm/missing", "norm/gain-missing"}},
      {"META-8",
       "RMSNorm is LayerNorm where the row's mean is 0",
       identity_rms_norm,
       rms_norm_is_layer_norm_of_a_centred_row,
       {"norm/sum-for-mean", "norm/eps-outside-sqrt", "norm/gain-before"}},
      {"META-9",
       "a silent second layer adds nothing",
       silent_layer,
       a_silent_layer_adds_nothing,
       {"layers/first-reused", "residual/ffn-doubled", "residual/attn-dropped"}},
  };
  return laws;
}

}  // namespace plumbline::properties
