// Post-norm: u = LN(x + Attn(x)), y = LN(u + FFN(u)). The output is normalized, and every route passes
// a J_LN.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope post_norm = both_norms({"post_norm"}, "speaks of post-norm alone"),
            deep_norm = both_norms({"deep_norm"}, "speaks of DeepNorm alone"),
            unit_post_norm =
                layer_norm_only({"post_norm"}, "the variance is LayerNorm's; POST-2b holds of both",
                                "speaks of post-norm alone"),
            centred_output = layer_norm_only({"post_norm", "deep_norm"}, "RMSNorm keeps the mean",
                                             "the output of the layout is not normalized");

BlockSpec unit_gain(BlockSpec s) {
  for (NormSlot* n : {&s.norm_slots.attn.post, &s.norm_slots.ffn.post}) (*n)->gain = (*n)->bias = false;
  return s;
}

Instance silent(Instance at) {
  for (const char* p : {"layers.0.attn.o_proj", "layers.0.ffn.down_proj"}) silence(at, p);
  return at;
}

void output_lies_in_a_hyperplane(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  const Matrix<I> y = f.value(at);
  const Matrix<I>&gain = at.parameters.at("layers.0.ffn.norm_post.weight"),
        &bias = at.parameters.at("layers.0.ffn.norm_post.bias");
  for (Eigen::Index t = 0; t < y.rows(); ++t)
    RC_ASSERT(vanishes(I((y.row(t) - bias).cwiseQuotient(gain).sum())));
}

void silent_branches_normalize_twice(const Subject& f) {
  const Instance at = silent(draw_instance(unit_gain(draw_spec(f.cell()))));
  const I eps = I(at.spec.norm_slots.attn.post->eps);
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    I v = variance(at.x.row(t));
    for (int i = 0; i < 2; ++i) v = v / (v + eps);
    RC_ASSERT(vanishes(I(y.row(t).sum())));
    RC_ASSERT(equal(I(mean_square(y.row(t))), I(v)));
  }
}

void jacobian_is_singular(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  Matrix<I> g = at.x;
  for (Eigen::Index t = 0; t < g.rows(); ++t)
    g.row(t) = at.parameters.at("layers.0.ffn.norm_post.weight").cwiseInverse() * I(static_cast<int>(t + 1));
  RC_ASSERT(vanishes(f.pull_back(at, g).x));
}

void jacobian_multiplies_the_route(const Subject& f) {
  const Instance at = draw_instance(draw_small_spec(f.cell()), 3);
  const Matrix<I> one = identity(at.x.size());
  const Instance attention = part_alone(at, Part::attention, at.x);
  const Instance first = norm_alone(at, at.spec.norm_slots.attn.post, "layers.0.attn.norm_post",
                                    at.x + reference.value(attention));
  const Matrix<I> u = reference.value(first);
  const Instance ffn = part_alone(at, Part::ffn, u);
  const Instance second =
      norm_alone(at, at.spec.norm_slots.ffn.post, "layers.0.ffn.norm_post", u + reference.value(ffn));
  const Matrix<I> j1 = product(reference.jacobian_at(first), one + reference.jacobian_at(attention));
  const Matrix<I> j2 = product(reference.jacobian_at(second), one + reference.jacobian_at(ffn));
  RC_ASSERT(equal(f.value(at), reference.value(second)));
  RC_ASSERT(equal(f.jacobian_at(at), product(j2, j1)));
}

void gradients_before_the_norm_sum_to_zero(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  const Gradients<I> g = f.pull_back(at, draw_like(at.x));
  for (const char* bias : {"layers.0.attn.o_proj.bias", "layers.0.ffn.down_proj.bias"})
    RC_ASSERT(vanishes(I(g.parameters.at(bias).sum())));
}

void silent_layers_do_not_decay(const Subject& f) {
  BlockSpec spec = unit_gain(draw_spec(f.cell()));
  spec.norm_slots.attn.post->eps = spec.norm_slots.ffn.post->eps = 0;
  const Instance at = silent(draw_instance(spec));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> row = at.x.row(t);
    const I s = sqrt(I(variance(row)));
    RC_ASSERT(equal(y.row(t), ((row.array() - mean(row)) / s).matrix()));
  }
}

// Bias-free ReLU in one sublayer without attention: the branch doubles with its input.
Instance draw_homogeneous(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.post.reset();
  spec.norm_slots.ffn.post->eps = 0;
  spec.ffn.activation = Activation::relu;
  spec.ffn.bias.in = spec.ffn.bias.out = false;
  Instance at = draw_quiet(spec, 3);
  silence(at, "layers.0.attn.o_proj");
  return at;
}

void a_homogeneous_sublayer_forgets_scale(const Subject& f) {
  const Instance at = draw_homogeneous(f);
  Matrix<I> scaled = at.x;
  for (Eigen::Index t = 0; t < scaled.rows(); ++t) scaled.row(t) *= I(*rc::gen::element(0.25, 3.0, 64.0));
  RC_ASSERT(equal(f.value(at, scaled), f.value(at)));
  RC_ASSERT(vanishes(f.push_forward(at, at.x)));
}

void the_sum_forgets_its_scale(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.post->eps = spec.norm_slots.ffn.post->eps = 0;
  const Instance at = draw_quiet(spec, 3);
  Instance scaled = at;
  scaled.spec.residual_scale = scaled.spec.branch_scale = 8;
  RC_ASSERT(equal(f.value(scaled), reference.value(at)));
}

void deep_norm_is_post_norm_of_a_weaker_branch(const Subject& f) {
  Instance at = draw_instance(draw_spec(f.cell()));
  at.spec.residual_scale = 1;
  Instance deep = at;
  deep.spec.residual_scale = 4;
  for (NormSlot* n : {&at.spec.norm_slots.attn.post, &at.spec.norm_slots.ffn.post}) (*n)->eps /= 16;
  at.spec.branch_scale = 0.25;
  RC_ASSERT(equal(f.value(deep), reference.value(at)));
}

}  // namespace

const std::vector<Law>& post_norm_laws() {
  static const std::vector<Law> laws{
      {"POST-1",
       "post-norm: every output row lies in the hyperplane sum (y - beta)/gamma = 0",
       centred_output,
       output_lies_in_a_hyperplane,
       {"layout/post-as-pre", "norm/not-centred", "norm/gain-before", "norm/gain-missing",
        "norm/bias-missing", "layout/second-norm-is-first"}},
      {"POST-1b",
       "post-norm, silent branches, unit gain: mean 0, mean square v/(v+eps) applied twice",
       unit_post_norm,
       silent_branches_normalize_twice,
       {"layout/post-as-pre", "norm/unbiased-variance", "norm/eps-missing", "norm/eps-outside-sqrt",
        "residual/attn-doubled", "norm/not-centred"}},
      {"POST-2",
       "post-norm: J is singular, (1/gamma)' J = 0 for every token, any eps",
       centred_output,
       jacobian_is_singular,
       {"layout/post-as-pre", "norm/mean-detached", "norm/not-centred", "norm/gain-before"}},
      {"POST-2b",
       "post-norm: J = J_norm (I + J_ffn) J_norm (I + J_attn)",
       post_norm,
       jacobian_multiplies_the_route,
       {"layout/post-as-pre", "residual/attn-dropped", "residual/ffn-dropped", "residual/ffn-block-input",
        "ffn/reads-block-input", "layout/second-norm-is-first", "layout/ffn-first", "norm/variance-detached",
        "norm/mean-detached"}},
      {"POST-3",
       "post-norm: gradients before a norm sum to 0 over the channels",
       centred_output,
       gradients_before_the_norm_sum_to_zero,
       {"layout/post-as-pre", "norm/mean-detached", "norm/not-centred"}},
      {"POST-4",
       "post-norm, eps = 0, bias-free ReLU sublayer: y forgets the scale of a row, and J x = 0",
       post_norm,
       a_homogeneous_sublayer_forgets_scale,
       {"norm/multiplied-by-std", "norm/divided-by-variance", "norm/variance-detached",
        "dual/rsqrt-not-halved", "dual/column-constant"}},
      {"POST-4b",
       "post-norm, eps = 0: N(c (x + F)) = N(x + F)",
       post_norm,
       the_sum_forgets_its_scale,
       {"layout/post-as-pre", "norm/multiplied-by-std", "residual/attn-dropped"}},
      {"POST-6",
       "post-norm, silent branches, unit gain, eps = 0: y is LN(x) however many norms follow",
       unit_post_norm,
       silent_layers_do_not_decay,
       {"layout/post-as-pre", "norm/unbiased-variance", "norm/not-centred", "residual/attn-dropped"}},
      {"DEEP-1",
       "DeepNorm with alpha is post-norm with branch/alpha and eps/alpha^2",
       deep_norm,
       deep_norm_is_post_norm_of_a_weaker_branch,
       {"residual/scale-on-branch", "layout/post-as-pre"}},
  };
  return laws;
}

}  // namespace plumbline::properties
