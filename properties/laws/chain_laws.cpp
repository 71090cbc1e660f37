// Chains of Jacobians: what they multiply to, in every way that they can be multiplied.
#include <Eigen/QR>

#include "properties/certified.hpp"
#include "properties/laws/stacks.hpp"

namespace plumbline::properties {
namespace {

const Scope every_stack = both_norms(every_layout, "a chain needs layers"),
            invertible =
                both_norms({"pre_norm", "parallel"}, "a chain needs layers",
                           {{"post_norm", {}, "J is singular; POST-7 takes its restricted determinant"},
                            {"deep_norm", {}, "J is singular; POST-7 takes its restricted determinant"},
                            {"", {}, "its branches may be bounded away from a generic determinant"}}),
            weak_branches = both_norms({"pre_norm"}, "speaks of weak branches on a free identity route"),
            singular_layers = layer_norm_only({"post_norm"}, "RMSNorm annihilates one direction, not two",
                                              "speaks of post-norm alone");

void stack_multiplies_its_layers(const Subject& f) {
  const Instance at = draw_stack(f, 2);
  const std::vector<Instance> layers = trajectory(at);
  RC_ASSERT(
      equal(f.jacobian_at(at), product(reference.jacobian_at(layers[1]), reference.jacobian_at(layers[0]))));
}

void products_bound_the_chain(const Subject& f) {
  const Instance at = draw_gentle(f, 3);
  I bound(1);
  for (const Instance& layer : trajectory(at)) bound *= norm_bound(reference.jacobian_at(layer));
  const Matrix<I> v = draw_like(at.x);
  RC_ASSERT(at_most(frobenius(f.push_forward(at, v)), bound * frobenius(v)));
}

void cholesky_certifies_the_norm(const Subject& f) {
  const Instance at = draw_gentle(f);
  const Matrix<I> j = reference.jacobian_at(at), found = f.jacobian_at(at);
  const I c = norm_bound(j);
  RC_ASSERT(is_positive_definite(identity(j.rows()) * I(c * c) - product(found.transpose(), found)));
}

void approximate_inverse_certifies_the_smallest(const Subject& f) {
  const Instance at = draw_gentle(f);
  const I smallest = smallest_singular_value_bound(reference.jacobian_at(at));
  RC_ASSERT(lower(smallest) > 0);
  const Matrix<I> v = draw_like(at.x);
  RC_ASSERT(at_most(smallest * frobenius(v), frobenius(f.push_forward(at, v))));
}

void factors_keep_the_determinant(const Subject& f) {
  const Instance at = draw_stack(f, 4, 2);
  std::vector<Matrix<I>> factors;
  for (const Instance& layer : trajectory(at)) factors.push_back(reference.jacobian_at(layer));
  RC_ASSERT(equal(log_abs_det(f.jacobian_at(at)), log_abs_det_of_chain(factors)));
}

double log_abs_det_in_double(const Matrix<double>& upper_triangle) {
  return upper_triangle.diagonal().cwiseAbs().array().log().sum();
}

// In double, over many factors: the product loses all but its largest singular values; the factors of the
// accumulated QR keep all of them. Off by more than a factor of e, or by less: no finer claim is made.
void a_product_in_double_loses_the_determinant(const Subject& f) {
  const int factors = 128;
  const Instance at = draw_stack(f, 1, 2);
  const Matrix<I> j = f.jacobian_at(at);
  const double truth =
      static_cast<double>(plumbline::lower(middle(I(log_abs_det(reference.jacobian_at(at)) * I(factors)))));
  const Matrix<double> factor =
      j.unaryExpr([](const I& v) { return static_cast<double>(plumbline::lower(middle(v))); });
  Matrix<double> naive = Matrix<double>::Identity(j.rows(), j.rows()), q = naive;
  double accumulated = 0;
  for (int i = 0; i < factors; ++i) {
    naive = factor * naive;
    const Eigen::HouseholderQR<Matrix<double>> step(factor * q);
    accumulated += log_abs_det_in_double(step.matrixQR());
    q = step.householderQ();
  }
  const double formed = log_abs_det_in_double(Eigen::HouseholderQR<Matrix<double>>(naive).matrixQR());
  RC_ASSERT(std::abs(accumulated - truth) < 1);
  RC_ASSERT(!(std::abs(formed - truth) < 1));  // infinite where a singular value is lost altogether
}

void both_modes_are_adjoint_along_a_chain(const Subject& f) {
  const Instance at = draw_stack(f, 2);
  const Matrix<I> v = draw_like(at.x), w = draw_like(at.x);
  RC_ASSERT(equal(dot(w, f.push_forward(at, v)), dot(f.pull_back(at, w).x, v)));
}

void gradients_pass_from_layer_to_layer(const Subject& f) {
  const Instance at = draw_stack(f, 2);
  const std::vector<Instance> layers = trajectory(at);
  const Matrix<I> g = draw_like(at.x);
  RC_ASSERT(
      equal(f.pull_back(at, g).x, reference.pull_back(layers[0], reference.pull_back(layers[1], g).x).x));
}

void unlike_layers_take_turns(const Subject& f) {
  BlockSpec layer = draw_small_spec(f.cell());
  layer.part = Part::block, layer.final_norm.reset();
  BlockSpec other = layer;
  const bool is_causal = layer.attention.mask.kind == MaskKind::causal;
  other.attention.mask = {.kind = is_causal ? MaskKind::bidirectional : MaskKind::causal};
  BlockSpec stack = layer;
  stack.part = Part::stack, stack.n_layers = 3, stack.layers = {layer, other};
  const Instance at = draw_quiet(stack, 3);
  RC_ASSERT(equal(f.value(at), reference.value(trajectory(at).back())));
}

// A basis [d, d-2] of what is orthogonal to 1 and to the row.
Matrix<I> complement_of(const Matrix<I>& row) {
  const Eigen::Index d = row.cols();
  Matrix<I> all = identity(d);
  all.col(0).setConstant(I(1));
  all.col(1) = row.transpose();
  return qr(all).q.rightCols(d - 2);
}

Matrix<I> complement_of_each(const Matrix<I>& rows) {
  const Eigen::Index d = rows.cols(), tokens = rows.rows();
  Matrix<I> b = filled(tokens * d, tokens * (d - 2), 0);
  for (Eigen::Index t = 0; t < tokens; ++t)
    b.block(t * d, t * (d - 2), d, d - 2) = complement_of(rows.row(t));
  return b;
}

// B'(I + J_branch) C / s: a factor of the restricted chain. B belongs to the norm's output.
Matrix<I> restricted(const Matrix<I>& b, const Matrix<I>& branch, const Matrix<I>& before,
                     const Matrix<I>& z) {
  Matrix<I> moved = product(identity(branch.rows()) + branch, before);
  const Eigen::Index d = z.cols();
  for (Eigen::Index t = 0; t < z.rows(); ++t) moved.middleRows(t * d, d) /= sqrt(variance(z.row(t)));
  return product(b.transpose(), moved);
}

void restricted_chain_keeps_its_determinant(const Subject& f) {
  BlockSpec spec = draw_small_spec(f.cell());
  for (NormSlot* n : {&spec.norm_slots.attn.post, &spec.norm_slots.ffn.post}) {
    (*n)->gain = (*n)->bias = false;
    (*n)->eps = 0;
  }
  Instance at = draw_quiet(spec, 2);
  at.x = reference.value(norm_alone(at, spec.norm_slots.attn.post, "", at.x));
  const Instance attention = part_alone(at, Part::attention, at.x);
  const Matrix<I> z1 = at.x + reference.value(attention);
  const Instance ffn =
      part_alone(at, Part::ffn, reference.value(norm_alone(at, spec.norm_slots.attn.post, "", z1)));
  const Matrix<I> z2 = ffn.x + reference.value(ffn);
  const Matrix<I> y = reference.value(norm_alone(at, spec.norm_slots.ffn.post, "", z2));
  const Matrix<I> b0 = complement_of_each(at.x), b1 = complement_of_each(ffn.x), b2 = complement_of_each(y);
  const Matrix<I> r1 = restricted(b1, reference.jacobian_at(attention), b0, z1),
                  r2 = restricted(b2, reference.jacobian_at(ffn), b1, z2);
  const Matrix<I> moved = product(f.jacobian_at(at), b0);
  RC_ASSERT(equal(moved, product(b2, product(r2, r1))));
  RC_ASSERT(equal(log_abs_det(product(b2.transpose(), moved)), log_abs_det_of_chain({r1, r2})));
}

}  // namespace

const std::vector<Law>& chain_laws() {
  static const std::vector<Law> laws{
      {"CHAIN-1",
       "the Jacobian of a stack is no larger than the product of its layers' norms",
       weak_branches,
       products_bound_the_chain,
       {"residual/attn-doubled", "residual/ffn-doubled"}},
      {"CHAIN-2",
       "c^2 I - J'J is positive definite by a verified Cholesky factorisation, c^2 = |J|_1 |J|_inf or "
       "|J|_F^2",
       weak_branches,
       cholesky_certifies_the_norm,
       {"residual/attn-doubled", "residual/ffn-doubled"}},
      {"CHAIN-2b",
       "sigma_min(J) >= (1 - |I - R J|)/|R| for an approximate inverse R",
       weak_branches,
       approximate_inverse_certifies_the_smallest,
       {"residual/attn-dropped", "residual/ffn-dropped"}},
      {"CHAIN-3",
       "sum ln |r_ii| of the accumulated QR is ln |det| of the stack's Jacobian",
       invertible,
       factors_keep_the_determinant,
       {"layers/first-reused", "norm/variance-detached", "residual/attn-doubled", "tape/softmax-without-sum",
        "tape/rsqrt-not-halved"}},
      {"CHAIN-3b",
       "128 factors in double: the product loses the determinant, the accumulated QR keeps it",
       invertible,
       a_product_in_double_loses_the_determinant,
       {"residual/attn-doubled", "norm/variance-detached"}},
      {"CHAIN-4",
       "<w, J v> = <J'w, v> along a stack",
       every_stack,
       both_modes_are_adjoint_along_a_chain,
       {"tape/softmax-without-sum", "tape/rsqrt-not-halved", "tape/rsqrt-squared", "tape/residual-constant",
        "dual/softmax-without-sum", "dual/rsqrt-not-halved", "dual/rsqrt-squared", "dual/residual-constant",
        "dual/scale-missing"}},
      {"CHAIN-4b",
       "the gradient of a stack is what its layers pass to each other",
       every_stack,
       gradients_pass_from_layer_to_layer,
       {"layers/first-reused", "layers/reversed", "layout/ffn-first", "tape/activation-slope",
        "tape/column-constant"}},
      {"CHAIN-5",
       "the Jacobian of a stack is the product of its layers', the last one on the left",
       every_stack,
       stack_multiplies_its_layers,
       {"layers/first-reused", "layers/reversed", "norm/variance-detached", "layout/ffn-first",
        "tape/right-operand-constant"}},
      {"CHAIN-6",
       "a stack of unlike layers is each of them at its turn",
       every_stack,
       unlike_layers_take_turns,
       {"layers/all-as-first", "layers/first-reused", "layers/kinds-shifted", "layers/reversed"}},
      {"POST-7",
       "post-norm, unit gain, eps = 0: on the complement of {1, xhat} J is the product of B'(I + "
       "J_branch)B/s, "
       "and its restricted ln |det| is their sum",
       singular_layers,
       restricted_chain_keeps_its_determinant,
       {"layout/post-as-pre", "norm/unbiased-variance", "residual/attn-dropped", "norm/variance-detached"}},
  };
  return laws;
}

}  // namespace plumbline::properties
