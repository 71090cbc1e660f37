// The feed-forward branch.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope feed_forward = ffn_alone("speaks of the feed-forward branch alone, which every layout shares");

BlockSpec draw_glu(const Subject& f) {
  BlockSpec s = draw_spec(f.cell());
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.activation = Activation::silu;
  return s;
}

void gated_branch_is_linear_in_up(const Subject& f) {
  BlockSpec spec = draw_glu(f);
  spec.ffn.bias.in = spec.ffn.bias.out = false;
  const Instance at = draw_instance(spec);
  Instance tripled = at;
  tripled.parameters.at("layers.0.ffn.up_proj.weight") *= I(3);
  RC_ASSERT(equal(f.value(tripled), f.value(at) * I(3)));
}

// GELU's largest slope, (1 + erf 1)/2 + 1/(e sqrt pi), is at sqrt 2.
I steepest_slope_of_gelu() { return (I(2) - erfc(I(1))) / I(2) + exp(I(-1)) / sqrt(I::pi()); }

void steepest_slope_bounds_the_branch(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.ffn.d_ff = 1;
  Instance at = draw_quiet(spec, 1);
  const Matrix<I>&w1 = at.parameters.at("layers.0.ffn.up_proj.weight"),
        &w2 = at.parameters.at("layers.0.ffn.down_proj.weight");
  at.parameters.at("layers.0.ffn.up_proj.bias")(0, 0) = sqrt(I(2)) - dot(w1, at.x);
  const I bound = frobenius(w2) * steepest_slope_of_gelu() * frobenius(w1);
  RC_ASSERT(equal(frobenius(f.push_forward(at, w1)), bound * frobenius(w1)));
  at.x = draw_like(at.x);
  const Matrix<I> v = draw_like(at.x);
  RC_ASSERT(at_most(frobenius(f.push_forward(at, v)), bound * frobenius(v)));
}

void tokens_do_not_mix(const Subject& f) {
  BlockSpec spec = draw_glu(f);
  spec.norm_slots.ffn.mid = NormSpec{.eps = 1e-3};
  const Instance at = draw_quiet(spec, 4);
  Matrix<I> changed = at.x;
  const int moved = draw_number_from(0, 3);
  changed.row(moved) *= I(-2);
  const Matrix<I> before = f.value(at), after = f.value(at, changed);
  for (int t = 0; t < 4; ++t) {
    bool same = true;
    for (Eigen::Index j = 0; j < before.cols(); ++j)
      same = same && contains(before(t, j), after(t, j)) && contains(after(t, j), before(t, j));
    RC_ASSERT(same == (t != moved));
  }
}

I within(const I& least, const I& x, const I& most) { return max(least, I(-max(I(-x), I(-most)))); }

// f(gate) (up + offset) with f the SiLU, gate and up within their limit.
I gated(const FeedForwardSpec& s, I gate, I up) {
  if (s.limit) {
    gate = -max(I(-gate), I(-*s.limit));
    up = within(I(-*s.limit), up, I(*s.limit));
  }
  const I open = gate / (I(1) + exp(I(-gate)));
  return (s.squared ? I(open * open) : open) * (up + I(s.up_offset));
}

void is_gated_by_definition(const Subject& f, const BlockSpec& spec) {
  const Instance at = draw_instance(spec);
  const Matrix<I> y = f.value(at);
  const Matrix<I>& w = at.parameters.at("layers.0.ffn.down_proj.weight");
  const auto affine = [&](const char* name, const Matrix<I>& x) {
    const std::string p = "layers.0.ffn." + std::string(name);
    return Matrix<I>(product(x, at.parameters.at(p + ".weight").transpose()) + at.parameters.at(p + ".bias"));
  };
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> gate = affine("gate_proj", at.x.row(t)), up = affine("up_proj", at.x.row(t));
    Matrix<I> hidden = up;
    for (Eigen::Index j = 0; j < hidden.cols(); ++j) hidden(0, j) = gated(spec.ffn, gate(0, j), up(0, j));
    RC_ASSERT(
        equal(y.row(t), product(hidden, w.transpose()) + at.parameters.at("layers.0.ffn.down_proj.bias")));
  }
}

void gated_branch_by_definition(const Subject& f) { is_gated_by_definition(f, draw_glu(f)); }

void limited_branch_by_definition(const Subject& f) {
  BlockSpec spec = draw_glu(f);
  spec.ffn.limit = *rc::gen::element(0.25, 7.0);
  spec.ffn.up_offset = 1;
  is_gated_by_definition(f, spec);
}

void squared_branch_by_definition(const Subject& f) {
  BlockSpec spec = draw_glu(f);
  spec.ffn.squared = true;
  is_gated_by_definition(f, spec);
}

}  // namespace

const std::vector<Law>& feed_forward_laws() {
  static const std::vector<Law> laws{
      {"FFN-1",
       "|J v| <= |W2| L |W1| |v|, L the largest slope; attained with one hidden channel at the steepest "
       "point",
       feed_forward,
       steepest_slope_bounds_the_branch,
       {"activation/tanh-for-erf", "activation/relu", "bias/ffn-in-missing", "dual/activation-slope"}},
      {"FFN-2",
       "a gated branch is linear in the up projection",
       feed_forward,
       gated_branch_is_linear_in_up,
       {"ffn/gate-and-up-swapped"}},
      {"FFN-3",
       "no bit of a token depends on another one, whatever norm stands inside the branch",
       feed_forward,
       tokens_do_not_mix,
       {"norm/over-tokens"}},
      {"FFN-DEF",
       "a gated branch is its definition, token by token",
       feed_forward,
       gated_branch_by_definition,
       {"ffn/gate-and-up-swapped", "activation/quick-for-silu", "bias/ffn-in-missing",
        "bias/ffn-out-missing"}},
      {"FFN-DEF-limit",
       "a gated branch with limits and an offset is its definition, token by token",
       feed_forward,
       limited_branch_by_definition,
       {"ffn/limit-missing", "ffn/up-offset-missing"}},
      {"FFN-DEF-squared",
       "a gated branch with a squared activation is its definition, token by token",
       feed_forward,
       squared_branch_by_definition,
       {"ffn/not-squared"}},
  };
  return laws;
}

}  // namespace plumbline::properties
