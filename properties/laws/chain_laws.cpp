// Chains of Jacobians: what they multiply to, and certified bounds from above and below.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Subject reference;

Instance draw_stack(const char* layout, int n_layers) {
  BlockSpec spec = draw_layout(layout);
  spec.n_layers = n_layers;
  Instance at = draw_instance(spec, 3);
  at.x = draw_matrix(3, spec.d);
  return at;
}

// Branches so weak that the bounds say something: their last projections are divided by 64.
Instance draw_gentle() {
  Instance at = draw_stack("pre_norm", 1);
  at.spec.attn_norms.in->eps = at.spec.ffn_norms.in->eps = 0.1;
  for (auto& [name, value] : at.parameters)
    if (name.find("o_proj") != std::string::npos || name.find("down_proj") != std::string::npos)
      value /= I(64);
  return at;
}

I frobenius(const Matrix<I>& x) { return sqrt(I(dot(x, x))); }
bool at_most(const I& x, const I& bound) { return lower(x) <= upper(bound); }

// Layer i of a stack as a stack of one layer.
Instance layer_alone(const Instance& at, int i, const Matrix<I>& x) {
  Instance one{at.spec, {}, x};
  one.spec.n_layers = 1;
  one.spec.final_norm.reset();
  const std::string from = "layers." + std::to_string(i) + ".";
  for (const auto& [name, value] : at.parameters)
    if (name.starts_with(from)) one.parameters["layers.0." + name.substr(from.size())] = value;
  return one;
}

struct Branches {
  Matrix<I> attention, ffn;  // A = J_branch J_norm, each at its own point
};
Branches branch_jacobians(const Instance& at) {
  const Instance n1 = norm_alone(at, at.spec.attn_norms.in, "layers.0.attn.norm_in", at.x);
  const Instance a = part_alone(at, Part::attention, reference.value(n1));
  const Matrix<I> u = at.x + reference.value(a);
  const Instance n2 = norm_alone(at, at.spec.ffn_norms.in, "layers.0.ffn.norm_in", u);
  const Instance f = part_alone(at, Part::ffn, reference.value(n2));
  return {product(reference.jacobian_at(a), reference.jacobian_at(n1)),
          product(reference.jacobian_at(f), reference.jacobian_at(n2))};
}

// ln |det| by elimination without pivoting; for matrices near the identity.
I log_det(Matrix<I> m) {
  I sum(0);
  for (Eigen::Index k = 0; k < m.rows(); ++k) {
    sum += log(abs(m(k, k)));
    for (Eigen::Index i = k + 1; i < m.rows(); ++i) {
      const I factor = m(i, k) / m(k, k);
      for (Eigen::Index j = k; j < m.cols(); ++j) m(i, j) -= factor * m(k, j);
    }
  }
  return sum;
}

void stack_multiplies_its_layers(const Subject& f) {
  const Instance at = draw_stack(*rc::gen::element("pre_norm", "post_norm", "sandwich"), 2);
  const Instance first = layer_alone(at, 0, at.x);
  const Instance second = layer_alone(at, 1, reference.value(first));
  RC_ASSERT(
      vanishes(f.jacobian_at(at) - product(reference.jacobian_at(second), reference.jacobian_at(first))));
}

void no_direction_grows_or_shrinks_more_than_the_branch(const Subject& f) {
  const Instance at = draw_gentle();
  const Branches a = branch_jacobians(at);
  const Matrix<I> v = draw_matrix(3, at.spec.d);
  const I length = frobenius(f.push_forward(at, v)), before = frobenius(v);
  const I up = (I(1) + frobenius(a.attention)) * (I(1) + frobenius(a.ffn));
  const I down = (I(1) - frobenius(a.attention)) * (I(1) - frobenius(a.ffn));
  RC_PRE(lower(frobenius(a.attention)) < 1 && lower(frobenius(a.ffn)) < 1);
  RC_ASSERT(at_most(length, up * before));
  RC_ASSERT(at_most(down * before, length));
}

void determinant_is_bounded(const Subject& f) {
  const Instance at = draw_gentle();
  const Branches a = branch_jacobians(at);
  const I n(static_cast<int>(at.x.size())), alpha = frobenius(a.attention), beta = frobenius(a.ffn);
  RC_PRE(upper(alpha) < 1 && upper(beta) < 1);
  const I value = log_det(f.jacobian_at(at));
  RC_ASSERT(at_most(value, n * (log(I(I(1) + alpha / sqrt(n))) + log(I(I(1) + beta / sqrt(n))))));
  RC_ASSERT(at_most(n * (log(I(I(1) - alpha)) + log(I(I(1) - beta))), value));
}

void first_order_expansion(const Subject& f) {
  const Instance at = draw_gentle();
  const Branches a = branch_jacobians(at);
  const Matrix<I> rest = f.jacobian_at(at) - identity(at.x.size()) - a.attention - a.ffn;
  RC_ASSERT(at_most(frobenius(rest), frobenius(a.attention) * frobenius(a.ffn)));
}

void causal_determinant_is_that_of_the_tokens(const Subject& f) {
  const Instance at = draw_gentle();
  const int d = at.spec.d;
  const Matrix<I> j = f.jacobian_at(at);
  I tokens(0);
  for (int t = 0; t < 3; ++t) tokens += log_det(j.block(t * d, t * d, d, d));
  RC_ASSERT(vanishes(I(log_det(j) - tokens)));
}

void post_norm_is_bounded_by_its_smallest_deviation(const Subject& f) {
  Instance at = draw_stack("post_norm", 1);
  for (auto& [name, value] : at.parameters)
    if (name.find("o_proj") != std::string::npos || name.find("down_proj") != std::string::npos)
      value.setConstant(I(0));
  at.spec.attn_norms.post->eps = at.spec.ffn_norms.post->eps = 0x1p-10;
  at.x /= I(256);
  I bound(1);
  Matrix<I> stream = at.x;
  for (const char* norm : {"layers.0.attn.norm_post", "layers.0.ffn.norm_post"}) {
    End largest = 0;
    const Matrix<I>& gain = at.parameters.at(norm + std::string(".weight"));
    for (Eigen::Index i = 0; i < gain.size(); ++i) largest = std::max(largest, magnitude(gain.data()[i]));
    I smallest = variance(stream.row(0));
    for (Eigen::Index t = 1; t < stream.rows(); ++t)
      if (const I v = variance(stream.row(t)); lower(v) < lower(smallest)) smallest = v;
    bound *= I(static_cast<double>(largest)) / sqrt(I(smallest + I(0x1p-10)));
    stream = reference.value(norm_alone(at, at.spec.attn_norms.post, norm, stream));
  }
  const Matrix<I> v = draw_matrix(3, at.spec.d);
  RC_ASSERT(at_most(frobenius(f.push_forward(at, v)), bound * frobenius(v)));
}

}  // namespace

const std::vector<Law>& chain_laws() {
  static const std::vector<Law> laws{
      {"CHAIN-5",
       "the Jacobian of a stack is the product of its layers', the last one on the left",
       stack_multiplies_its_layers,
       {"layers/first-reused", "layers/reversed", "norm/variance-detached", "layout/ffn-first"}},
      {"PRE-7",
       "pre-norm: (1-a)(1-b) |v| <= |J v| <= (1+a)(1+b) |v|, a and b the branches' Frobenius norms",
       no_direction_grows_or_shrinks_more_than_the_branch,
       {"residual/attn-doubled", "residual/attn-dropped", "residual/ffn-dropped", "residual/ffn-doubled"}},
      {"PRE-8",
       "pre-norm, gentle branches: n ln(1-a) <= ln det J <= n ln(1 + a/sqrt n), summed over the sublayers",
       determinant_is_bounded,
       {"residual/attn-doubled", "residual/ffn-doubled", "residual/attn-dropped"}},
      {"PRE-10",
       "pre-norm: J is I + A + B up to |A| |B|, A and B the branches' Jacobians",
       first_order_expansion,
       {"residual/attn-doubled", "residual/ffn-block-input", "residual/normed", "norm/variance-detached"}},
      {"CAUS-1",
       "causal attention: det J is the product of the determinants of its diagonal blocks",
       causal_determinant_is_that_of_the_tokens,
       {"mask/missing", "mask/sees-next", "mask/after-softmax"}},
      {"POST-5",
       "post-norm, silent branches: |J v| <= |gamma| / s_min |v| at every norm",
       post_norm_is_bounded_by_its_smallest_deviation,
       {"norm/divided-by-variance"}},
  };
  return laws;
}

}  // namespace plumbline::properties
