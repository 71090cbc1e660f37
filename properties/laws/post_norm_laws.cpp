// Post-norm: u = LN(x + Attn(x)), y = LN(u + FFN(u)). The output is normalized, and every route passes a
// J_LN.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Subject reference;

BlockSpec unit_gain(BlockSpec s) {
  for (NormSlot* n : {&s.attn_norms.post, &s.ffn_norms.post}) (*n)->gain = (*n)->bias = false;
  return s;
}

Instance silent(Instance at) {
  for (const char* p : {"layers.0.attn.o_proj", "layers.0.ffn.down_proj"})
    for (const char* leaf : {".weight", ".bias"}) at.parameters.at(p + std::string(leaf)).setConstant(I(0));
  return at;
}

void output_lies_in_a_hyperplane(const Subject& f) {
  const Instance at = draw_instance(draw_layout("post_norm"));
  const Matrix<I> y = f.value(at);
  const Matrix<I>&gain = at.parameters.at("layers.0.ffn.norm_post.weight"),
        &bias = at.parameters.at("layers.0.ffn.norm_post.bias");
  for (Eigen::Index t = 0; t < y.rows(); ++t)
    RC_ASSERT(vanishes(I((y.row(t) - bias).cwiseQuotient(gain).sum())));
}

void silent_branches_normalize_twice(const Subject& f) {
  const Instance at = silent(draw_instance(unit_gain(draw_layout("post_norm"))));
  const I eps = I(at.spec.attn_norms.post->eps);
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    I v = variance(at.x.row(t));
    for (int i = 0; i < 2; ++i) v = v / (v + eps);
    RC_ASSERT(vanishes(I(y.row(t).sum())));
    RC_ASSERT(vanishes(I(mean_square(y.row(t)) - v)));
  }
}

void jacobian_is_singular(const Subject& f) {
  const Instance at = draw_instance(draw_layout("post_norm"));
  Matrix<I> g = at.x;
  for (Eigen::Index t = 0; t < g.rows(); ++t)
    g.row(t) = at.parameters.at("layers.0.ffn.norm_post.weight").cwiseInverse() * I(static_cast<int>(t + 1));
  RC_ASSERT(vanishes(f.pull_back(at, g).x));
}

void jacobian_multiplies_the_route(const Subject& f) {
  const Instance at = draw_instance(draw_layout("post_norm"), 3);
  const Matrix<I> one = identity(at.x.size());
  const Instance attention = part_alone(at, Part::attention, at.x);
  const Instance first =
      norm_alone(at, at.spec.attn_norms.post, "layers.0.attn.norm_post", at.x + reference.value(attention));
  const Matrix<I> u = reference.value(first);
  const Instance ffn = part_alone(at, Part::ffn, u);
  const Instance second =
      norm_alone(at, at.spec.ffn_norms.post, "layers.0.ffn.norm_post", u + reference.value(ffn));
  const Matrix<I> j1 = product(reference.jacobian_at(first), one + reference.jacobian_at(attention));
  const Matrix<I> j2 = product(reference.jacobian_at(second), one + reference.jacobian_at(ffn));
  RC_ASSERT(vanishes(f.value(at) - reference.value(second)));
  RC_ASSERT(vanishes(f.jacobian_at(at) - product(j2, j1)));
}

void gradients_before_the_norm_sum_to_zero(const Subject& f) {
  const Instance at = draw_instance(draw_layout("post_norm"));
  const Gradients<I> g = f.pull_back(at, draw_matrix(static_cast<int>(at.x.rows()), at.spec.d));
  for (const char* bias : {"layers.0.attn.o_proj.bias", "layers.0.ffn.down_proj.bias"})
    RC_ASSERT(vanishes(I(g.parameters.at(bias).sum())));
}

void silent_layers_do_not_decay(const Subject& f) {
  BlockSpec spec = unit_gain(draw_layout("post_norm"));
  spec.attn_norms.post->eps = spec.ffn_norms.post->eps = 0;
  const Instance at = silent(draw_instance(spec));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> row = at.x.row(t);
    const I s = sqrt(I(variance(row)));
    RC_ASSERT(vanishes(y.row(t) - ((row.array() - mean(row)) / s).matrix()));
  }
}

void deep_norm_is_post_norm_of_a_weaker_branch(const Subject& f) {
  const BlockSpec post = draw_layout("post_norm");
  Instance at = draw_instance(post);
  Instance deep = at;
  deep.spec.residual_scale = 4;
  for (NormSlot* n : {&at.spec.attn_norms.post, &at.spec.ffn_norms.post}) (*n)->eps /= 16;
  at.spec.branch_scale = 0.25;
  RC_ASSERT(vanishes(f.value(deep) - reference.value(at)));
}

}  // namespace

const std::vector<Law>& post_norm_laws() {
  static const std::vector<Law> laws{
      {"POST-1",
       "post-norm: every output row lies in the hyperplane sum (y - beta)/gamma = 0",
       output_lies_in_a_hyperplane,
       {"layout/post-as-pre", "norm/not-centred", "norm/gain-before", "norm/gain-missing",
        "norm/bias-missing", "layout/second-norm-is-first"}},
      {"POST-1b",
       "post-norm, silent branches, unit gain: mean 0, mean square v/(v+eps) applied twice",
       silent_branches_normalize_twice,
       {"layout/post-as-pre", "norm/unbiased-variance", "norm/eps-missing", "norm/eps-outside-sqrt",
        "residual/attn-doubled", "norm/not-centred"}},
      {"POST-2",
       "post-norm: J is singular, (1/gamma)' J = 0 for every token, any eps",
       jacobian_is_singular,
       {"layout/post-as-pre", "norm/mean-detached", "norm/not-centred", "norm/gain-before"}},
      {"POST-2b",
       "post-norm: J = J_norm (I + J_ffn) J_norm (I + J_attn)",
       jacobian_multiplies_the_route,
       {"layout/post-as-pre", "residual/attn-dropped", "residual/ffn-dropped", "residual/ffn-block-input",
        "ffn/reads-block-input", "layout/second-norm-is-first", "layout/ffn-first", "norm/variance-detached",
        "norm/mean-detached"}},
      {"POST-3",
       "post-norm: gradients before a norm sum to 0 over the channels",
       gradients_before_the_norm_sum_to_zero,
       {"layout/post-as-pre", "norm/mean-detached", "norm/not-centred"}},
      {"POST-6",
       "post-norm, silent branches, unit gain, eps = 0: y is LN(x) however many norms follow",
       silent_layers_do_not_decay,
       {"layout/post-as-pre", "norm/unbiased-variance", "norm/not-centred", "residual/attn-dropped"}},
      {"DEEP-1",
       "DeepNorm with alpha is post-norm with branch/alpha and eps/alpha^2",
       deep_norm_is_post_norm_of_a_weaker_branch,
       {"residual/scale-on-branch", "layout/post-as-pre"}},
  };
  return laws;
}

}  // namespace plumbline::properties
