// The other layouts, and identities between specs: two different specs that are the same function.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Subject reference;

Instance draw_quiet(const BlockSpec& spec) {
  Instance at = draw_instance(spec, 4);
  at.x = draw_matrix(4, spec.d);
  return at;
}

void branches_write_no_mean(const Subject& f) {
  BlockSpec spec = draw_layout(*rc::gen::element("output_norm", "sandwich"));
  for (NormSlot* n : {&spec.attn_norms.out, &spec.ffn_norms.out}) (*n)->gain = (*n)->bias = false;
  const Instance at = draw_instance(spec);
  RC_ASSERT(vanishes(f.value(at).rowwise().sum() - at.x.rowwise().sum()));
}

void output_norm_by_hand(const Subject& f) {
  const Instance at = draw_quiet(draw_layout("output_norm"));
  const auto written = [&](Part part, const NormSlot& slot, const std::string& norm, const Matrix<I>& x) {
    return reference.value(norm_alone(at, slot, norm, reference.value(part_alone(at, part, x))));
  };
  const Matrix<I> u = at.x + written(Part::attention, at.spec.attn_norms.out, "layers.0.attn.norm_out", at.x);
  const Matrix<I> y = u + written(Part::ffn, at.spec.ffn_norms.out, "layers.0.ffn.norm_out", u);
  RC_ASSERT(vanishes(f.value(at) - y));
}

void final_norm_is_applied_once(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm");
  spec.final_norm = NormSpec{.eps = 0.1};
  const Instance at = draw_quiet(spec);
  Instance without = at;
  without.spec.final_norm.reset();
  const Matrix<I> y = reference.value(without);
  RC_ASSERT(vanishes(f.value(at) - reference.value(norm_alone(at, at.spec.final_norm, "final_norm", y))));
}

void parallel_by_hand(const Subject& f) {
  const Instance at = draw_quiet(draw_layout("parallel"));
  const Matrix<I> u = reference.value(norm_alone(at, at.spec.attn_norms.in, "layers.0.norm_in", at.x));
  const Matrix<I> y = at.x + reference.value(part_alone(at, Part::attention, u)) +
                      reference.value(part_alone(at, Part::ffn, u));
  RC_ASSERT(vanishes(f.value(at) - y));
}

void norms_on_q_and_k_forget_scale(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm", NormKind::rms_norm);
  const NormWidth width = *rc::gen::element(NormWidth::head_dim, NormWidth::full_heads);
  spec.attn_norms.q = spec.attn_norms.k =
      NormSpec{.kind = NormKind::rms_norm, .eps = 0, .bias = false, .width = width};
  Instance at = draw_quiet(spec), louder = at;
  for (const char* p : {"q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"})
    louder.parameters.at("layers.0.attn." + std::string(p)) *= I(3);
  RC_ASSERT(vanishes(f.value(louder) - f.value(at)));
}

void a_long_window_is_causal(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm");
  const Instance causal = draw_quiet(spec);
  Instance sliding = causal;
  sliding.spec.attention.mask = MaskKind::causal_sliding;
  sliding.spec.attention.window = 4;
  RC_ASSERT(vanishes(f.value(sliding) - reference.value(causal)));
}

// Row 2j of each head of an interleaved projection is row j of a half-split one, row 2j + 1 is row j + h/2.
void half_rope_is_interleaved_rope_of_permuted_rows(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm");
  const int h = spec.attention.head_dim;
  spec.rope = RopeSpec{.style = RopeStyle::interleaved, .rotary_dim = h};
  const Instance interleaved = draw_quiet(spec);
  Instance half = interleaved;
  half.spec.rope->style = RopeStyle::half;
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
  RC_ASSERT(vanishes(f.value(interleaved) - reference.value(half)));
}

void large_scores_do_not_leak(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm");
  spec.part = Part::attention;
  Instance at = draw_quiet(spec), changed = at;
  at.x *= I(1024);
  changed.x = at.x;
  changed.x.row(3) *= I(-3);
  RC_ASSERT(vanishes(f.value(at).topRows(3) - f.value(changed).topRows(3)));
}

}  // namespace

const std::vector<Law>& layout_laws() {
  static const std::vector<Law> laws{
      {"OUT-2",
       "output-norm and sandwich with LayerNorm of unit gain: the stream keeps its sum over the channels",
       branches_write_no_mean,
       {"norm/not-centred", "residual/attn-doubled", "residual/ffn-dropped", "norm/variance-only-centred"}},
      {"OUT-3",
       "output-norm: u = x + N(Attn(x)), y = u + N(FFN(u))",
       output_norm_by_hand,
       {"layout/output-as-pre", "layout/second-norm-is-first", "layout/ffn-first",
        "residual/ffn-block-input"}},
      {"FINAL-1",
       "the final norm is applied once, to the stream",
       final_norm_is_applied_once,
       {"final-norm/missing", "final-norm/twice"}},
      {"PAR-1",
       "parallel: y = x + Attn(N(x)) + FFN(N(x))",
       parallel_by_hand,
       {"residual/normed", "residual/attn-dropped", "residual/attn-doubled", "norm/bias-missing"}},
      {"QK-1",
       "norms on q and k of eps 0 forget the scale of their projections",
       norms_on_q_and_k_forget_scale,
       {"qk-norm/missing", "norm/multiplied-by-std"}},
      {"META-1",
       "a window of at least T keys is causal attention",
       a_long_window_is_causal,
       {"mask/window-too-short", "mask/missing", "mask/sees-next"}},
      {"META-2",
       "interleaved rotary embeddings are half-split ones of permuted rows",
       half_rope_is_interleaved_rope_of_permuted_rows,
       {"rope/style", "rope/base", "rope/backwards", "rope/values", "rope/missing"}},
      {"ATT-9b",
       "causality at scores of any size: nothing leaks through the mask",
       large_scores_do_not_leak,
       {"mask/finite", "mask/missing", "mask/sees-next", "mask/after-softmax", "mask/zero-score"}},
  };
  return laws;
}

}  // namespace plumbline::properties
