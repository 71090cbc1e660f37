// The other layouts, and identities between specs: two different specs that are the same function.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope every_block = both_norms(every_layout, "speaks of a whole block"),
            output_norm = both_norms({"output_norm"}, "speaks of output-norm alone"),
            parallel = both_norms({"parallel"}, "speaks of parallel blocks alone"),
            centred_branch = layer_norm_only({"output_norm", "sandwich"}, "RMSNorm keeps the mean",
                                             "no norm stands on the output of the branch"),
            normed_branch =
                both_norms({"output_norm", "sandwich"}, "no norm stands on the output of the branch"),
            with_final_norm =
                both_norms({"pre_norm", "sandwich", "output_norm", "parallel"}, "speaks of a whole stack",
                           {{"post_norm", {}, "the last sublayer ends in a norm"},
                            {"deep_norm", {}, "the last sublayer ends in a norm"}}),
            attention_branch =
                attention_alone("speaks of the attention branch alone, which every layout shares");

void branches_write_no_mean(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  for (NormSlot* n : {&spec.norm_slots.attn.out, &spec.norm_slots.ffn.out}) (*n)->gain = (*n)->bias = false;
  const Instance at = draw_instance(spec);
  RC_ASSERT(equal(f.value(at).rowwise().sum(), at.x.rowwise().sum()));
}

void output_norm_by_hand(const Subject& f) {
  const Instance at = draw_quiet(draw_spec(f.cell()), 4);
  const auto written = [&](Part part, const NormSlot& slot, const std::string& norm, const Matrix<I>& x) {
    return reference.value(norm_alone(at, slot, norm, reference.value(part_alone(at, part, x))));
  };
  const Matrix<I> u =
      at.x + written(Part::attention, at.spec.norm_slots.attn.out, "layers.0.attn.norm_out", at.x);
  const Matrix<I> y = u + written(Part::ffn, at.spec.norm_slots.ffn.out, "layers.0.ffn.norm_out", u);
  RC_ASSERT(equal(f.value(at), y));
}

void final_norm_is_applied_once(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.final_norm = NormSpec{.eps = 0.1};
  const Instance at = draw_quiet(spec, 4);
  Instance without = at;
  without.spec.final_norm.reset();
  const Matrix<I> y = reference.value(without);
  RC_ASSERT(equal(f.value(at), reference.value(norm_alone(at, at.spec.final_norm, "final_norm", y))));
}

void parallel_by_hand(const Subject& f) {
  const Instance at = draw_quiet(draw_spec(f.cell()), 4);
  const Matrix<I> u = reference.value(norm_alone(at, at.spec.norm_slots.attn.in, "layers.0.norm_in", at.x));
  const Matrix<I> y = at.x + reference.value(part_alone(at, Part::attention, u)) +
                      reference.value(part_alone(at, Part::ffn, u));
  RC_ASSERT(equal(f.value(at), y));
}

void norms_on_q_and_k_forget_scale(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  const NormWidth width = *rc::gen::element(NormWidth::head_dim, NormWidth::full_heads);
  spec.norm_slots.attn.q = spec.norm_slots.attn.k =
      NormSpec{.kind = NormKind::rms_norm, .eps = 0, .bias = false, .width = width};
  Instance at = draw_quiet(spec, 4), louder = at;
  for (const char* p : {"q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"})
    louder.parameters.at("layers.0.attn." + std::string(p)) *= I(3);
  RC_ASSERT(equal(f.value(louder), f.value(at)));
}

// One sublayer writes N(branch): its mean square is w/(w + eps), w the branch's variance or mean square.
void branches_write_a_known_size(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  for (NormSlot* n : {&spec.norm_slots.attn.out, &spec.norm_slots.ffn.out}) (*n)->gain = (*n)->bias = false;
  Instance at = draw_quiet(spec, 4);
  silence(at, "layers.0.ffn.down_proj");
  const Matrix<I> u =
      spec.norm_slots.attn.in
          ? reference.value(norm_alone(at, spec.norm_slots.attn.in, "layers.0.attn.norm_in", at.x))
          : at.x;
  const Matrix<I> branch = reference.value(part_alone(at, Part::attention, u));
  const Matrix<I> written = f.value(at) - at.x;
  for (Eigen::Index t = 0; t < written.rows(); ++t) {
    const Matrix<I> row = branch.row(t);
    const I w = spec.norm_slots.attn.out->kind == NormKind::layer_norm ? variance(row) : mean_square(row);
    RC_ASSERT(equal(mean_square(written.row(t)), I(w / (w + I(spec.norm_slots.attn.out->eps)))));
  }
}

// Each layer reaches W - 1 tokens further back.
void windows_add_up_over_layers(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.n_layers = 2;
  spec.attention.mask.kind = MaskKind::causal_sliding;
  spec.attention.mask.window = 2;
  const Instance at = draw_quiet(spec, 5);
  Matrix<I> changed = at.x;
  const int j = draw_number_from(0, 2);
  changed.row(j) *= I(-2);
  const Matrix<I> before = f.value(at), after = f.value(at, changed);
  for (int i = 0; i < 5; ++i) {
    const Matrix<I> difference = before.row(i) - after.row(i);
    bool moved = false;
    for (Eigen::Index c = 0; c < difference.cols(); ++c) moved = moved || !contains_zero(difference(0, c));
    RC_ASSERT(moved == (0 <= i - j && i - j <= 2));
  }
}

void large_scores_do_not_leak(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  Instance at = draw_quiet(spec, 4), changed = at;
  at.x *= I(1024);
  changed.x = at.x;
  changed.x.row(3) *= I(-3);
  RC_ASSERT(equal(f.value(at).topRows(3), f.value(changed).topRows(3)));
}

}  // namespace

const std::vector<Law>& layout_laws() {
  static const std::vector<Law> laws{
      {"OUT-1",
       "output-norm and sandwich, unit gain: a sublayer writes rows of mean square w/(w+eps), w the branch's",
       normed_branch,
       branches_write_a_known_size,
       {"norm/unbiased-variance", "norm/eps-outside-sqrt", "residual/attn-doubled", "layout/output-as-pre"}},
      {"OUT-2",
       "output-norm and sandwich with LayerNorm of unit gain: the stream keeps its sum over the channels",
       centred_branch,
       branches_write_no_mean,
       {"norm/not-centred", "residual/attn-doubled", "residual/ffn-dropped", "norm/variance-only-centred"}},
      {"OUT-3",
       "output-norm: u = x + N(Attn(x)), y = u + N(FFN(u))",
       output_norm,
       output_norm_by_hand,
       {"layout/output-as-pre", "layout/second-norm-is-first", "layout/ffn-first",
        "residual/ffn-block-input"}},
      {"FINAL-1",
       "the final norm is applied once, to the stream",
       with_final_norm,
       final_norm_is_applied_once,
       {"final-norm/missing", "final-norm/twice"}},
      {"PAR-1",
       "parallel: y = x + Attn(N(x)) + FFN(N(x))",
       parallel,
       parallel_by_hand,
       {"residual/normed", "residual/attn-dropped", "residual/attn-doubled", "norm/bias-missing"}},
      {"QK-1",
       "norms on q and k of eps 0 forget the scale of their projections",
       every_block,
       norms_on_q_and_k_forget_scale,
       {"qk-norm/missing", "norm/multiplied-by-std"}},
      {"ATT-10b",
       "two layers of window W: token j reaches row i if and only if 0 <= i - j <= 2 (W - 1)",
       every_block,
       windows_add_up_over_layers,
       {"mask/window-too-long", "mask/window-too-short", "mask/missing", "mask/sees-next"}},
      {"ATT-9b",
       "causality at scores of any size: nothing leaks through the mask",
       attention_branch,
       large_scores_do_not_leak,
       {"mask/finite", "mask/missing", "mask/sees-next", "mask/after-softmax", "mask/zero-score"}},
  };
  return laws;
}

}  // namespace plumbline::properties
