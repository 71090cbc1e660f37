// Pre-norm: u = x + Attn(LN(x)), y = u + FFN(LN(u)). The identity route is present, and nothing touches it.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

Instance draw_pre_norm(NormKind kind = NormKind::layer_norm) {
  return draw_instance(draw_layout("pre_norm", kind));
}

void silence(Instance& at, const std::string& projection) {
  for (const char* leaf : {".weight", ".bias"})
    if (const auto it = at.parameters.find(projection + leaf); it != at.parameters.end())
      it->second.setConstant(I(0));
}

const Subject reference;

struct Sublayers {
  Instance first_norm, attention, second_norm, ffn;
  Matrix<I> u, y;
};
Sublayers by_hand(const Instance& at) {
  Sublayers s;
  s.first_norm = norm_alone(at, at.spec.attn_norms.in, "layers.0.attn.norm_in", at.x);
  s.attention = part_alone(at, Part::attention, reference.value(s.first_norm));
  s.u = at.x + reference.value(s.attention);
  s.second_norm = norm_alone(at, at.spec.ffn_norms.in, "layers.0.ffn.norm_in", s.u);
  s.ffn = part_alone(at, Part::ffn, reference.value(s.second_norm));
  s.y = s.u + reference.value(s.ffn);
  return s;
}

void jacobian_is_identity_plus_branch(const Subject& f) {
  const Instance at = draw_instance(draw_layout("pre_norm"), 3);
  const Sublayers s = by_hand(at);
  const Matrix<I> one = identity(at.x.size());
  const Matrix<I> first =
      one + product(reference.jacobian_at(s.attention), reference.jacobian_at(s.first_norm));
  const Matrix<I> second = one + product(reference.jacobian_at(s.ffn), reference.jacobian_at(s.second_norm));
  RC_ASSERT(vanishes(f.jacobian_at(at) - product(second, first)));
}

template <class S>
bool passes_bit_for_bit(const Subject& f, const Instance& at) {
  Parameters<S> p;
  for (const auto& [name, value] : at.parameters)
    p[name] = value.unaryExpr([](const I& v) { return static_cast<S>(v); });
  const Matrix<S> x = at.x.unaryExpr([](const I& v) { return static_cast<S>(v); });
  return f.value(at.spec, p, x) == x;
}

void a_silent_branch_is_the_identity(const Subject& f) {
  Instance at = draw_pre_norm(*rc::gen::element(NormKind::layer_norm, NormKind::rms_norm));
  silence(at, "layers.0.attn.o_proj");
  silence(at, "layers.0.ffn.down_proj");
  RC_ASSERT(passes_bit_for_bit<float>(f, at));
  RC_ASSERT(passes_bit_for_bit<double>(f, at));
  const Matrix<I> dx = draw_matrix(static_cast<int>(at.x.rows()), at.spec.d);
  RC_ASSERT(vanishes(f.push_forward(at, dx) - dx));
}

void a_shift_passes_through(const Subject& f) {
  const Instance at = draw_pre_norm();
  const Matrix<I> c = draw_matrix(static_cast<int>(at.x.rows()), 1);
  RC_ASSERT(vanishes(f.value(at, shifted(at.x, c)) - shifted(f.value(at), c)));
}

void channel_sums_of_gradients_are_conserved(const Subject& f) {
  const Instance at = draw_pre_norm();
  const Matrix<I> g = draw_matrix(static_cast<int>(at.x.rows()), at.spec.d);
  RC_ASSERT(vanishes(f.pull_back(at, g).x.rowwise().sum() - g.rowwise().sum()));
}

void the_branch_ignores_the_scale_of_a_row(const Subject& f) {
  BlockSpec spec = draw_layout("pre_norm", *rc::gen::element(NormKind::layer_norm, NormKind::rms_norm));
  spec.attn_norms.in->eps = spec.ffn_norms.in->eps = 0;
  Instance at = draw_instance(spec);
  silence(at, "layers.0.attn.o_proj");
  Matrix<I> scaled = at.x;
  for (Eigen::Index t = 0; t < scaled.rows(); ++t) scaled.row(t) *= I(*rc::gen::element(0.25, 2.0, 3.0));
  RC_ASSERT(vanishes(f.value(at, scaled) - scaled - (f.value(at) - at.x)));
}

void eigenvalue_one(const Subject& f) {
  const Instance at = draw_pre_norm();
  Matrix<I> direction = at.x;
  direction.setConstant(I(0));
  direction.row(*rc::gen::inRange<int>(0, static_cast<int>(at.x.rows()))).setConstant(I(1));
  RC_ASSERT(vanishes(f.push_forward(at, direction) - direction));
}

void the_stream_is_the_sum_of_what_was_written(const Subject& f) {
  const Instance at = draw_pre_norm();
  RC_ASSERT(vanishes(f.value(at) - by_hand(at).y));
}

// W -> W diag(gamma), b -> b + W beta, gamma -> 1, beta -> 0.
void fold(Instance& at, const std::string& norm, const std::string& projection) {
  Matrix<I>& w = at.parameters.at(projection + ".weight");
  at.parameters.at(projection + ".bias") += product(at.parameters.at(norm + ".bias"), w.transpose());
  for (Eigen::Index j = 0; j < w.cols(); ++j) w.col(j) *= at.parameters.at(norm + ".weight")(0, j);
}

void gain_and_bias_fold_into_the_projection(const Subject& f) {
  const Instance at = draw_pre_norm();
  Instance folded = at;
  for (const char* p : {"q_proj", "k_proj", "v_proj"})
    fold(folded, "layers.0.attn.norm_in", "layers.0.attn." + std::string(p));
  fold(folded, "layers.0.ffn.norm_in", "layers.0.ffn.up_proj");
  for (const char* n : {"layers.0.attn.norm_in", "layers.0.ffn.norm_in"}) {
    folded.parameters.at(n + std::string(".weight")).setConstant(I(1));
    folded.parameters.at(n + std::string(".bias")).setConstant(I(0));
  }
  RC_ASSERT(vanishes(f.value(at) - f.value(folded)));
}

}  // namespace

const std::vector<Law>& pre_norm_laws() {
  static const std::vector<Law> laws{
      {"PRE-1",
       "pre-norm: J = (I + J_ffn J_norm)(I + J_attn J_norm), the second factor taken at x, the first at u",
       jacobian_is_identity_plus_branch,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-dropped", "residual/attn-doubled",
        "residual/ffn-doubled", "residual/ffn-block-input", "ffn/reads-block-input",
        "layout/second-norm-is-first", "layout/pre-as-output", "layout/pre-as-post", "layout/ffn-first",
        "norm/mean-detached", "norm/variance-detached", "activation/tanh-for-erf", "activation/relu"}},
      {"PRE-2",
       "pre-norm with a silent branch: y is x bit for bit, and J is I",
       a_silent_branch_is_the_identity,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-dropped", "residual/attn-doubled",
        "residual/ffn-doubled", "layout/pre-as-post"}},
      {"PRE-3",
       "pre-norm with LayerNorm: F(x + c_t 1) = F(x) + c_t 1",
       a_shift_passes_through,
       {"residual/normed", "norm/not-centred", "norm/variance-only-centred", "layout/pre-as-output",
        "layout/pre-as-post", "residual/attn-dropped", "residual/ffn-doubled"}},
      {"PRE-4",
       "pre-norm with LayerNorm: the gradient of each token keeps its sum over the channels",
       channel_sums_of_gradients_are_conserved,
       {"norm/mean-detached", "norm/not-centred", "residual/attn-doubled", "residual/ffn-dropped",
        "residual/normed"}},
      {"PRE-5",
       "pre-norm at eps = 0: what a sublayer writes ignores the scale of a row",
       the_branch_ignores_the_scale_of_a_row,
       {"layout/pre-as-output", "norm/multiplied-by-std", "norm/divided-by-variance",
        "residual/ffn-doubled"}},
      {"PRE-6",
       "pre-norm with LayerNorm: J has the eigenvalue 1 on the constant direction of each token",
       eigenvalue_one,
       {"norm/mean-detached", "norm/not-centred", "residual/normed", "residual/attn-doubled"}},
      {"PRE-9",
       "pre-norm: y = x + Attn(N(x)) + FFN(N(u))",
       the_stream_is_the_sum_of_what_was_written,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-block-input", "ffn/reads-block-input",
        "layout/second-norm-is-first", "layout/ffn-first", "norm/bias-missing", "bias/ffn-out-missing",
        "bias/ffn-in-missing", "bias/o-missing", "bias/v-missing", "bias/q-missing"}},
      {"PRE-13",
       "pre-norm: gain and bias of a norm fold into the projections that read it",
       gain_and_bias_fold_into_the_projection,
       {"norm/gain-missing", "norm/bias-missing", "norm/gain-before", "norm/gain-offset-flipped",
        "layout/pre-as-output"}},
  };
  return laws;
}

}  // namespace plumbline::properties
