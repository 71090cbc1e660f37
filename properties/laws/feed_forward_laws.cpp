// The feed-forward branch and its activations.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

// One channel, unit weights, no biases: the branch is the activation itself.
Instance activation_alone(Activation f, const I& x) {
  Instance at;
  at.spec.part = Part::ffn;
  at.spec.d = at.spec.ffn.d_ff = 1;
  at.spec.ffn.activation = f;
  at.spec.ffn.bias_in = at.spec.ffn.bias_out = false;
  at.x = Matrix<I>::Constant(1, 1, x);
  at.parameters["layers.0.ffn.up_proj.weight"] = at.parameters["layers.0.ffn.down_proj.weight"] =
      Matrix<I>::Constant(1, 1, I(1));
  return at;
}

I draw_number() { return draw_matrix(1, 1)(0, 0) * I(6); }

void activation_by_definition(const Subject& f) {
  const I x = draw_number(), third = x * x * x;
  I pi;
  mpfi_const_pi(pi.backend().data());
  const auto value = [&](Activation a) { return f.value(activation_alone(a, x))(0, 0); };
  const I inner = sqrt(I(I(2) / pi)) * (x + I(44715) / I(1000000) * third);
  RC_ASSERT(vanishes(I(value(Activation::gelu_tanh) - x / I(2) * (I(1) + tanh(inner)))));
  RC_ASSERT(vanishes(I(value(Activation::silu) - x / (I(1) + exp(I(-x))))));
  RC_ASSERT(vanishes(I(value(Activation::quick_gelu) - x / (I(1) + exp(I(I(-1702) / I(1000) * x))))));
  // GELU = x Phi(x): Phi(x) = 1/2 + exp(-x^2/2)/sqrt(2 pi) sum_n x^(2n+1)/(1 3 5 ... (2n+1)), summed to
  // exhaustion.
  I term = x, sum = x;
  for (int n = 1; n < 250; ++n) sum += term *= x * x / I(2 * n + 1);
  sum += term * hull(I(-1), I(1));
  const I phi = I(1) / I(2) + exp(I(-x * x / I(2))) / sqrt(I(I(2) * pi)) * sum;
  RC_ASSERT(vanishes(I(value(Activation::gelu_erf) - x * phi)));
}

void odd_part_is_half_of_x(const Subject& f) {
  const Activation a = *rc::gen::element(Activation::relu, Activation::gelu_erf, Activation::gelu_tanh,
                                         Activation::silu, Activation::quick_gelu);
  const I x = draw_number();
  Instance plus = activation_alone(a, x), minus = activation_alone(a, I(-x));
  plus.spec.ffn.bias_in = minus.spec.ffn.bias_in = true;
  const I b = draw_number() + I(7);
  plus.parameters["layers.0.ffn.up_proj.bias"] = Matrix<I>::Constant(1, 1, b);
  minus.parameters["layers.0.ffn.up_proj.bias"] = Matrix<I>::Constant(1, 1, I(-b));
  RC_ASSERT(vanishes(I(f.value(plus)(0, 0) - f.value(minus)(0, 0) - x - b)));
}

BlockSpec draw_glu() {
  BlockSpec s = draw_layout("pre_norm");
  s.part = Part::ffn;
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.activation = Activation::silu;
  return s;
}

void gated_branch_is_linear_in_up(const Subject& f) {
  BlockSpec spec = draw_glu();
  spec.ffn.bias_in = spec.ffn.bias_out = false;
  const Instance at = draw_instance(spec);
  Instance tripled = at;
  tripled.parameters.at("layers.0.ffn.up_proj.weight") *= I(3);
  RC_ASSERT(vanishes(f.value(tripled) - f.value(at) * I(3)));
}

void tokens_do_not_mix(const Subject& f) {
  const Instance at = draw_instance(draw_glu());
  const Matrix<I> y = f.value(at);
  const Matrix<I>& w = at.parameters.at("layers.0.ffn.down_proj.weight");
  const auto affine = [&](const char* name, const Matrix<I>& x) {
    const std::string p = "layers.0.ffn." + std::string(name);
    return Matrix<I>(product(x, at.parameters.at(p + ".weight").transpose()) + at.parameters.at(p + ".bias"));
  };
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> gate = affine("gate_proj", at.x.row(t)), up = affine("up_proj", at.x.row(t));
    Matrix<I> hidden = up;
    for (Eigen::Index j = 0; j < hidden.cols(); ++j)
      hidden(0, j) *= gate(0, j) / (I(1) + exp(I(-gate(0, j))));
    RC_ASSERT(vanishes(y.row(t) - product(hidden, w.transpose()) -
                       at.parameters.at("layers.0.ffn.down_proj.bias")));
  }
}

}  // namespace

const std::vector<Law>& feed_forward_laws() {
  static const std::vector<Law> laws{
      {"ACT-1",
       "each activation is its definition (GELU against its power series)",
       activation_by_definition,
       {"activation/erf-for-tanh", "activation/tanh-for-erf", "activation/quick-for-silu",
        "activation/silu-for-quick", "activation/relu"}},
      {"ACT-2",
       "f(x) - f(-x) = x for ReLU, GELU, SiLU and QuickGELU",
       odd_part_is_half_of_x,
       {"bias/ffn-in-missing"}},
      {"FFN-2",
       "a gated branch is linear in the up projection",
       gated_branch_is_linear_in_up,
       {"ffn/gate-and-up-swapped"}},
      {"FFN-3",
       "a gated branch is its definition, token by token",
       tokens_do_not_mix,
       {"ffn/gate-and-up-swapped", "activation/quick-for-silu", "bias/ffn-in-missing",
        "bias/ffn-out-missing"}},
  };
  return laws;
}

}  // namespace plumbline::properties
