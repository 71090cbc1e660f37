// Norms by length and by erf; BLOOM's GELU; the router with the root of a softplus. Each is its definition.
#include <algorithm>

#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope norm_by_itself = both_norms({"norm"}, "speaks of a norm alone"),
            branch_by_itself =
                ffn_alone("speaks of the feed-forward branch alone, which every layout shares");

const Matrix<I>& named(const Instance& at, const char* name) { return at.parameters.at(name); }

void l2_norm_is_its_definition(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in = NormSpec{.kind = NormKind::l2_norm, .eps = *rc::gen::element(1e-3, 0.5)};
  NormSpec& n = *spec.norm_slots.attn.in;
  n.eps_use = *rc::gen::element(EpsUse::added, EpsUse::at_least);
  RC_CLASSIFY(n.eps_use == EpsUse::at_least, "at least eps");
  const Instance at = draw_instance(spec);
  Matrix<I> y = at.x;
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const I squares = dot(at.x.row(t), at.x.row(t));
    const I length =
        n.eps_use == EpsUse::added ? I(sqrt(I(squares + I(n.eps)))) : max(sqrt(squares), I(n.eps));
    y.row(t) = (at.x.row(t) / length).cwiseProduct(named(at, "norm.weight")) + named(at, "norm.bias");
  }
  RC_ASSERT(equal(f.value(at), y));
}

void l2_norm_is_a_direction(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in = NormSpec{.kind = NormKind::l2_norm, .eps = 0, .gain = false, .bias = false};
  const Instance at = draw_instance(spec);
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) RC_ASSERT(equal(dot(y.row(t), y.row(t)), I(1)));
  RC_ASSERT(equal(f.value(at, at.x * I(-3)), Matrix<I>(-y)));
  RC_ASSERT(vanishes(f.push_forward(at, at.x), largest_entry(at.x)));
}

void derf_is_its_definition(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in = NormSpec{.kind = NormKind::derf};
  const Instance at = draw_instance(spec);
  const I alpha = named(at, "norm.alpha")(0, 0), shift = named(at, "norm.shift")(0, 0);
  Matrix<I> y = at.x, slope = at.x;
  for (Eigen::Index t = 0; t < y.rows(); ++t)
    for (Eigen::Index j = 0; j < y.cols(); ++j) {
      const I u = alpha * at.x(t, j) + shift, gain = named(at, "norm.weight")(0, j);
      y(t, j) = gain * (I(1) - erfc(u)) + named(at, "norm.bias")(0, j);
      slope(t, j) = gain * alpha * I(2) / sqrt(I::pi()) * exp(I(-u * u));
    }
  RC_ASSERT(equal(f.value(at), y));
  const Matrix<I> dx = draw_like(at.x);
  RC_ASSERT(equal(f.push_forward(at, dx), slope.cwiseProduct(dx)));
}

// x (1 + tanh(c x (1 + a x^2))) / 2
I gelu_of_bloom(const I& x) {
  const I c = I(79788456) / I(100000000), a = I(44715) / I(1000000);
  return x / I(2) * (I(1) + tanh(I(c * x * (I(1) + a * x * x))));
}

void blooms_gelu_is_its_definition(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.ffn.activation = Activation::gelu_bloom;
  const Instance at = draw_instance(spec);
  const auto affine = [&](const std::string& name, const Matrix<I>& x) {
    Matrix<I> y = product(x, at.parameters.at("layers.0.ffn." + name + ".weight").transpose());
    for (Eigen::Index t = 0; t < y.rows(); ++t)
      y.row(t) += at.parameters.at("layers.0.ffn." + name + ".bias");
    return y;
  };
  Matrix<I> hidden = affine("up_proj", at.x);
  for (Eigen::Index i = 0; i < hidden.size(); ++i) hidden.data()[i] = gelu_of_bloom(hidden.data()[i]);
  RC_ASSERT(equal(f.value(at), affine("down_proj", hidden)));
}

// Of three experts the one with the least score is left out.
void router_is_its_definition(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.part = Part::router;
  spec.ffn.moe =
      MoeSpec{.experts = 3, .score = RouterScore::sqrt_softplus, .router_bias = true, .scaling = 1.5};
  const Instance at = draw_quiet(spec, 4);  // log(1 + exp l) as it stands says little far below 0
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const Matrix<I> logits =
        product(at.x.row(t), at.parameters.at("layers.0.ffn.router.weight").transpose()) +
        at.parameters.at("layers.0.ffn.router.bias");
    std::vector<int> order{0, 1, 2};
    std::ranges::sort(order, [&](int i, int j) { return lower(logits(0, i)) < lower(logits(0, j)); });
    RC_PRE(upper(logits(0, order[0])) < lower(logits(0, order[1])));
    const auto score = [&](int e) { return I(sqrt(log(I(I(1) + exp(logits(0, e)))))); };
    const I sum = score(order[1]) + score(order[2]);
    RC_ASSERT(equal(y(t, order[0]), I(0)));
    for (int e : {order[1], order[2]}) RC_ASSERT(equal(y(t, e), I(score(e) / sum * I(1.5))));
  }
}

}  // namespace

const std::vector<Law>& direction_laws() {
  static const std::vector<Law> laws{
      {"L2-DEF",
       "l2_norm is gamma x / sqrt(sum x^2 + eps) + beta, or gamma x / max(|x|, eps) + beta",
       norm_by_itself,
       l2_norm_is_its_definition,
       {"l2/eps-added", "l2/eps-times-width", "l2/mean-for-sum", "norm/eps-clamped", "norm/gain-before",
        "norm/gain-missing"}},
      {"L2-1",
       "l2_norm without eps: rows have length 1, N(-3 x) = -N(x), and J x = 0",
       norm_by_itself,
       l2_norm_is_a_direction,
       {"l2/mean-for-sum", "norm/multiplied-by-std", "norm/divided-by-variance", "norm/variance-detached"}},
      {"DERF-DEF",
       "derf is gamma erf(alpha x + s) + beta, entry by entry, and its derivative gamma alpha 2 / sqrt(pi) "
       "exp(-(alpha x + s)^2)",
       norm_by_itself,
       derf_is_its_definition,
       {"derf/shift-before-alpha", "derf/shift-missing", "derf/tanh-for-erf", "norm/gain-missing",
        "dual/activation-slope"}},
      {"BLOOM-DEF",
       "a feed-forward with BLOOM's GELU is its definition, token by token",
       branch_by_itself,
       blooms_gelu_is_its_definition,
       {"activation/tanh-for-bloom"}},
      {"ROUTER-DEF",
       "a router by the root of a softplus gives two of three experts their shares",
       branch_by_itself,
       router_is_its_definition,
       {"moe/root-missing", "moe/sigmoid-for-root", "moe/scaling-missing", "moe/not-renormalised"}},
  };
  return laws;
}

}  // namespace plumbline::properties
