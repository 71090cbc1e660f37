// Pre-norm: u = x + Attn(LN(x)), y = u + FFN(LN(u)). The identity route is present, and nothing touches it.
#include "plumbline/block/parameter_shapes.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope free_route = both_norms({"pre_norm"}, "speaks of the route of pre-norm alone",
                                    {{"parallel", {}, "PAR-1 says it of parallel"}}),
            centred_input = layer_norm_only({"pre_norm", "sandwich", "parallel"}, "RMSNorm keeps the mean",
                                            "the sublayer reads the stream without a norm in front of it");

struct ByHand {
  Instance first_norm, attention, second_norm, ffn;
  Matrix<I> u, y;
};
ByHand by_hand(const Instance& at) {
  ByHand s;
  s.first_norm = norm_alone(at, at.spec.norm_slots.attn.in, "layers.0.attn.norm_in", at.x);
  s.attention = part_alone(at, Part::attention, reference.value(s.first_norm));
  s.u = at.x + reference.value(s.attention);
  s.second_norm = norm_alone(at, at.spec.norm_slots.ffn.in, "layers.0.ffn.norm_in", s.u);
  s.ffn = part_alone(at, Part::ffn, reference.value(s.second_norm));
  s.y = s.u + reference.value(s.ffn);
  return s;
}

void jacobian_is_identity_plus_branch(const Subject& f) {
  const Instance at = draw_instance(draw_small_spec(f.cell()), 3);
  const ByHand s = by_hand(at);
  const Matrix<I> one = identity(at.x.size());
  const Matrix<I> first =
      one + product(reference.jacobian_at(s.attention), reference.jacobian_at(s.first_norm));
  const Matrix<I> second = one + product(reference.jacobian_at(s.ffn), reference.jacobian_at(s.second_norm));
  RC_ASSERT(equal(f.jacobian_at(at), product(second, first)));
}

template <class S>
bool passes_bit_for_bit(const Subject& f, const Instance& at) {
  Parameters<S> p;
  for (const auto& [name, value] : at.parameters)
    p[name] = value.unaryExpr([](const I& v) { return static_cast<S>(plumbline::lower(v)); });
  const Matrix<S> x = at.x.unaryExpr([](const I& v) { return static_cast<S>(plumbline::lower(v)); });
  return f.value_in(at.spec, p, x) == x;
}

void a_silent_branch_is_the_identity(const Subject& f) {
  Instance at = draw_instance(draw_spec(f.cell()));
  silence(at, "layers.0.attn.o_proj");
  silence(at, "layers.0.ffn.down_proj");
  RC_ASSERT(passes_bit_for_bit<float>(f, at));
  RC_ASSERT(passes_bit_for_bit<double>(f, at));
  const Matrix<I> dx = draw_like(at.x);
  RC_ASSERT(equal(f.push_forward(at, dx), dx));
}

void a_shift_passes_through(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  const Matrix<I> c = draw_matrix(at.x.rows(), 1);
  RC_ASSERT(equal(f.value(at, shifted(at.x, c)), shifted(f.value(at), c)));
}

void channel_sums_of_gradients_are_conserved(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  const Matrix<I> g = draw_like(at.x);
  RC_ASSERT(equal(f.pull_back(at, g).x.rowwise().sum(), g.rowwise().sum()));
}

void the_branch_ignores_the_scale_of_a_row(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in->eps = spec.norm_slots.ffn.in->eps = 0;
  Instance at = draw_instance(spec);
  silence(at, "layers.0.attn.o_proj");
  Matrix<I> scaled = at.x;
  for (Eigen::Index t = 0; t < scaled.rows(); ++t) scaled.row(t) *= I(*rc::gen::element(0.25, 2.0, 3.0));
  RC_ASSERT(equal(f.value(at, scaled), scaled + (f.value(at) - at.x)));
}

void eigenvalue_one(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  Matrix<I> direction = at.x;
  direction.setConstant(I(0));
  direction.row(*rc::gen::inRange<int>(0, static_cast<int>(at.x.rows()))).setConstant(I(1));
  RC_ASSERT(equal(f.push_forward(at, direction), direction));
}

void the_stream_is_the_sum_of_what_was_written(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  RC_ASSERT(equal(f.value(at), by_hand(at).y));
}

// W -> W diag(gamma), b -> b + W beta, gamma -> 1, beta -> 0.
void fold(Instance& at, const std::string& norm, const std::string& projection) {
  Matrix<I>& w = at.parameters.at(projection + ".weight");
  if (const auto beta = at.parameters.find(norm + ".bias"); beta != at.parameters.end())
    at.parameters.at(projection + ".bias") += product(beta->second, w.transpose());
  for (Eigen::Index j = 0; j < w.cols(); ++j) w.col(j) *= at.parameters.at(norm + ".weight")(0, j);
}

void gain_and_bias_fold_into_the_projection(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  Instance folded = at;
  for (const char* p : {"q_proj", "k_proj", "v_proj"})
    fold(folded, "layers.0.attn.norm_in", "layers.0.attn." + std::string(p));
  fold(folded, "layers.0.ffn.norm_in", "layers.0.ffn.up_proj");
  for (const ParameterShape& p : parameter_shapes(folded.spec))
    if (p.module == Module::norm) folded.parameters.at(p.name).setConstant(I(p.role == Role::gain ? 1 : 0));
  RC_ASSERT(equal(f.value(at), f.value(folded)));
}

}  // namespace

const std::vector<Law>& pre_norm_laws() {
  static const std::vector<Law> laws{
      {"PRE-1",
       "pre-norm: J = (I + J_ffn J_norm)(I + J_attn J_norm), the second factor taken at x, the first at u",
       free_route,
       jacobian_is_identity_plus_branch,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-dropped", "residual/attn-doubled",
        "residual/ffn-doubled", "residual/ffn-block-input", "ffn/reads-block-input",
        "layout/second-norm-is-first", "layout/pre-as-output", "layout/pre-as-post", "layout/ffn-first",
        "norm/mean-detached", "norm/variance-detached", "activation/tanh-for-erf", "activation/relu"}},
      {"PRE-2",
       "pre-norm with a silent branch: y is x bit for bit, and J is I",
       free_route,
       a_silent_branch_is_the_identity,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-dropped", "residual/attn-doubled",
        "residual/ffn-doubled", "layout/pre-as-post"}},
      {"PRE-3",
       "LayerNorm before each sublayer: F(x + c_t 1) = F(x) + c_t 1",
       centred_input,
       a_shift_passes_through,
       {"residual/normed", "norm/not-centred", "norm/variance-only-centred", "layout/pre-as-output",
        "layout/pre-as-post", "residual/attn-dropped", "residual/ffn-doubled"}},
      {"PRE-4",
       "LayerNorm before each sublayer: the gradient of each token keeps its sum over the channels",
       centred_input,
       channel_sums_of_gradients_are_conserved,
       {"norm/mean-detached", "norm/not-centred", "residual/attn-doubled", "residual/ffn-dropped",
        "residual/normed", "tape/mean-constant", "tape/residual-constant"}},
      {"PRE-5",
       "pre-norm at eps = 0: what a sublayer writes ignores the scale of a row",
       free_route,
       the_branch_ignores_the_scale_of_a_row,
       {"layout/pre-as-output", "norm/multiplied-by-std", "norm/divided-by-variance",
        "residual/ffn-doubled"}},
      {"PRE-6",
       "LayerNorm before each sublayer: J has the eigenvalue 1 on the constant direction of each token",
       centred_input,
       eigenvalue_one,
       {"norm/mean-detached", "norm/not-centred", "residual/normed", "residual/attn-doubled",
        "dual/mean-constant"}},
      {"PRE-9",
       "pre-norm: y = x + Attn(N(x)) + FFN(N(u))",
       free_route,
       the_stream_is_the_sum_of_what_was_written,
       {"residual/normed", "residual/attn-dropped", "residual/ffn-block-input", "ffn/reads-block-input",
        "layout/second-norm-is-first", "layout/ffn-first", "norm/bias-missing", "bias/ffn-out-missing",
        "bias/ffn-in-missing", "bias/o-missing", "bias/v-missing", "bias/q-missing"}},
      {"PRE-13",
       "pre-norm: gain and bias of a norm fold into the projections that read it",
       free_route,
       gain_and_bias_fold_into_the_projection,
       {"norm/gain-missing", "norm/bias-missing", "norm/gain-before", "norm/gain-offset-flipped",
        "layout/pre-as-output"}},
  };
  return laws;
}

}  // namespace plumbline::properties
