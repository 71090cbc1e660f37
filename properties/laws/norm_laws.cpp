// What LayerNorm and RMSNorm satisfy, row by row. v is the biased variance, s = sqrt(v + eps),
// xhat = (x - mean)/s.
#include "properties/certified.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

constexpr auto elsewhere =
    "speaks of a norm alone; in a layout it holds of each slot, which the layout's own law shows";
const Scope any_norm = both_norms({"norm"}, elsewhere),
            a_layer_norm = layer_norm_only({"norm"}, "RMS-1 and RMS-2 say it of RMSNorm", elsewhere),
            a_centring_norm = layer_norm_only({"norm"}, "RMSNorm keeps the mean", elsewhere),
            an_rms_norm = rms_norm_only({"norm"}, "LN-1 and LN-4 say it of LayerNorm", elsewhere);

BlockSpec without_affine(BlockSpec s) {
  s.norm_slots.attn.in->gain = s.norm_slots.attn.in->bias = false;
  return s;
}

I eps_of(const Instance& at) { return I(at.spec.norm_slots.attn.in->eps); }
const Matrix<I>& gain_of(const Instance& at) { return at.parameters.at("norm.weight"); }

I std_of(const Instance& at, const Matrix<I>& row) { return sqrt(I(variance(row) + eps_of(at))); }

Matrix<I> xhat_of(const Instance& at, const Matrix<I>& row) {
  return ((row.array() - mean(row)) / std_of(at, row)).matrix();
}

// A factor whose square divides eps exactly, and the instance with eps / c^2.
struct Rescaled {
  I c;
  Instance scaled;  // c x at eps
  Instance same;    // x at eps / c^2
};
Rescaled draw_rescaled(const Instance& at) {
  const double c = *rc::gen::element(-8.0, -0.5, 0.25, 2.0, 16.0);
  Rescaled r{I(c), at, at};
  r.scaled.x = at.x * I(c);
  r.same.spec.norm_slots.attn.in->eps = at.spec.norm_slots.attn.in->eps / (c * c);
  return r;
}

void output_is_standardised(const Subject& f) {
  const Instance at = draw_instance(without_affine(draw_spec(f.cell())));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const I v = variance(at.x.row(t));
    RC_ASSERT(vanishes(I(y.row(t).sum())));
    RC_ASSERT(equal(I(mean_square(y.row(t))), I(v / (v + eps_of(at)))));
  }
}

void a_factor_divides_eps(const Subject& f) {
  const Rescaled r = draw_rescaled(draw_instance(without_affine(draw_spec(f.cell()))));
  const Matrix<I> y = f.value(r.same);
  RC_ASSERT(equal(f.value(r.scaled), (lower(r.c) > 0 ? y : Matrix<I>(-y))));
}

void jacobian_is_the_projection(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()), 1);
  const int d = at.spec.d;
  const Matrix<I> xhat = xhat_of(at, at.x);
  const I s = std_of(at, at.x);
  Matrix<I> expected = identity(d);
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      expected(i, j) = gain_of(at)(0, i) * (expected(i, j) - (I(1) + xhat(0, i) * xhat(0, j)) / I(d)) / s;
  RC_ASSERT(equal(f.jacobian_at(at), expected));
}

void three_singular_values(const Subject& f) {
  const Instance at = draw_instance(without_affine(draw_spec(f.cell())), 1);
  const Matrix<I> xhat = xhat_of(at, at.x), ones = Matrix<I>::Constant(1, at.spec.d, I(1));
  const I s = std_of(at, at.x), v = variance(at.x);
  RC_ASSERT(vanishes(f.push_forward(at, ones)));
  RC_ASSERT(equal(f.push_forward(at, xhat), xhat * I(eps_of(at) / (v + eps_of(at)) / s)));
  Matrix<I> w = draw_like(at.x);
  w = (w.array() - mean(w)).matrix();
  w -= xhat * I(dot(w, xhat) / dot(xhat, xhat));
  RC_ASSERT(equal(f.push_forward(at, w), w * I(I(1) / s)));
}

void null_direction_and_euler(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()), 1);
  const I v = variance(at.x);
  const Matrix<I> radial = f.push_forward(at, at.x);
  RC_ASSERT(vanishes(f.push_forward(at, Matrix<I>::Constant(1, at.spec.d, I(1)))));
  RC_ASSERT(equal(radial, gain_of(at).cwiseProduct(xhat_of(at, at.x)) * I(eps_of(at) / (v + eps_of(at)))));
}

void left_null_vector(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()), 1);
  RC_ASSERT(vanishes(f.pull_back(at, gain_of(at).cwiseInverse()).x));
}

void gradient_is_the_textbook_one(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  const Matrix<I> g = draw_like(at.x);
  const Gradients<I> found = f.pull_back(at, g);
  Matrix<I> gain_gradient = Matrix<I>::Constant(1, at.spec.d, I(0));
  for (Eigen::Index t = 0; t < g.rows(); ++t) {
    const Matrix<I> xhat = xhat_of(at, at.x.row(t)), h = gain_of(at).cwiseProduct(g.row(t));
    const I along = mean(h.cwiseProduct(xhat)), middle = mean(h);
    const Matrix<I> expected =
        ((h.array() - middle - xhat.array() * along) / std_of(at, at.x.row(t))).matrix();
    RC_ASSERT(equal(found.x.row(t), expected));
    gain_gradient += g.row(t).cwiseProduct(xhat);
  }
  RC_ASSERT(equal(found.parameters.at("norm.weight"), gain_gradient));
  RC_ASSERT(equal(found.parameters.at("norm.bias"), g.colwise().sum()));
}

void jacobian_of_a_multiple(const Subject& f) {
  const Rescaled r = draw_rescaled(draw_instance(draw_spec(f.cell()), 1));
  RC_ASSERT(equal(f.jacobian_at(r.scaled) * abs(r.c), f.jacobian_at(r.same)));
}

void iterating_approaches_one_minus_eps(const Subject& f) {
  Instance at = draw_instance(without_affine(draw_spec(f.cell())), 1);
  I v = variance(at.x);
  for (int i = 0; i < 3; ++i) {
    at.x = f.value(at);
    v = v / (v + eps_of(at));
    RC_ASSERT(equal(I(variance(at.x)), I(v)));
  }
}

void rms_has_unit_mean_square(const Subject& f) {
  const Instance at = draw_instance(without_affine(draw_spec(f.cell())));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) {
    const I ms = mean_square(at.x.row(t));
    RC_ASSERT(equal(I(mean_square(y.row(t))), I(ms / (ms + eps_of(at)))));
  }
}

void layer_norm_is_rms_norm_of_the_centred_row(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()));
  Instance rms = at;
  rms.spec.norm_slots.attn.in->kind = NormKind::rms_norm;
  for (Eigen::Index t = 0; t < at.x.rows(); ++t)
    rms.x.row(t) = (at.x.row(t).array() - mean(at.x.row(t))).matrix();
  RC_ASSERT(equal(f.value(at), f.value(rms)));
}

void rms_jacobian(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()), 1);
  const int d = at.spec.d;
  const I r = sqrt(I(mean_square(at.x) + eps_of(at)));
  Matrix<I> expected = identity(d);
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      expected(i, j) = gain_of(at)(0, i) * (expected(i, j) - at.x(0, i) * at.x(0, j) / (r * r * I(d))) / r;
  RC_ASSERT(equal(f.jacobian_at(at), expected));
}

// det J = prod gamma_i r^-d eps/(ms + eps).
void rms_determinant(const Subject& f) {
  const Instance at = draw_instance(draw_spec(f.cell()), 1);
  const I square = mean_square(at.x) + eps_of(at);
  I expected = log(I(eps_of(at) / square)) - I(at.spec.d) / I(2) * log(square);
  for (Eigen::Index i = 0; i < at.x.cols(); ++i) expected += log(gain_of(at)(0, i));
  RC_ASSERT(equal(log_abs_det(f.jacobian_at(at)), expected));
}

// kappa = |J| |x|/|N(x)| on the directions that J does not shrink: w orthogonal to 1 and xhat.
void condition_number_ignores_eps(const Subject& f) {
  const Instance at = draw_instance(without_affine(draw_spec(f.cell())), 1);
  const Matrix<I> xhat = xhat_of(at, at.x), y = f.value(at), any = draw_like(at.x);
  Matrix<I> w = (any.array() - mean(any)).matrix();
  w -= xhat * I(dot(w, xhat) / dot(xhat, xhat));
  const Matrix<I> moved = f.push_forward(at, w);
  const I squared = dot(moved, moved) * dot(at.x, at.x) / (dot(w, w) * dot(y, y));
  RC_ASSERT(equal(squared, I(I(1) + mean(at.x) * mean(at.x) / variance(at.x))));
  const Matrix<I> all = f.push_forward(at, any);
  RC_ASSERT(at_most(dot(all, all) * dot(w, w), dot(moved, moved) * dot(any, any)));
}

void largest_entry_is_bounded(const Subject& f) {
  Instance at = draw_instance(without_affine(draw_spec(f.cell())));
  const I bound = sqrt(I(at.spec.d - 1));
  const Matrix<I> y = f.value(at);
  for (Eigen::Index i = 0; i < y.size(); ++i) RC_ASSERT(at_most(abs(y.data()[i]), bound));
  at.spec.norm_slots.attn.in->eps = 0;
  at.x = identity(at.spec.d).topRows(1);
  RC_ASSERT(equal(f.value(at)(0, 0), bound));
}

void offset_gain_is_one_plus_weight(const Subject& f) {
  const Instance plain = draw_instance(draw_spec(f.cell()));
  Instance offset = plain;
  offset.spec.norm_slots.attn.in->gain_offset = 1;
  offset.parameters["norm.weight"] = (plain.parameters.at("norm.weight").array() - I(1)).matrix();
  // Evaluated without the subject's deviation on one side: a mutant may not move both.
  RC_ASSERT(equal(f.value(offset), reference.value(plain)));
}

void dyt_is_its_definition(const Subject& f) {
  BlockSpec spec = draw_spec(f.cell());
  spec.norm_slots.attn.in = NormSpec{.kind = NormKind::dyt};
  const Instance at = draw_instance(spec);
  const I alpha = at.parameters.at("norm.alpha")(0, 0);
  Matrix<I> expected = at.x;
  for (Eigen::Index t = 0; t < expected.rows(); ++t)
    for (Eigen::Index j = 0; j < expected.cols(); ++j) {
      const I e = exp(I(I(-2) * alpha * at.x(t, j)));  // tanh u = (1 - e^-2u) / (1 + e^-2u)
      expected(t, j) = gain_of(at)(0, j) * ((I(1) - e) / (I(1) + e)) + at.parameters.at("norm.bias")(0, j);
    }
  RC_ASSERT(equal(f.value(at), expected));
}

}  // namespace

const std::vector<Law>& norm_laws() {
  static const std::vector<Law> laws{
      {"LN-1",
       "LayerNorm, unit gain, zero bias: every row has mean 0 and mean square v/(v+eps)",
       a_layer_norm,
       output_is_standardised,
       {"norm/unbiased-variance", "norm/sum-for-mean", "norm/eps-outside-sqrt", "norm/eps-missing",
        "norm/eps-clamped", "norm/not-centred", "norm/multiplied-by-std", "norm/divided-by-variance",
        "norm/over-tokens"}},
      {"LN-1b",
       "LayerNorm, unit gain: no entry exceeds sqrt(d - 1), attained by a one-hot row at eps = 0",
       a_layer_norm,
       largest_entry_is_bounded,
       {"norm/unbiased-variance", "norm/sum-for-mean", "norm/not-centred", "norm/divided-by-variance"}},
      {"LN-3",
       "N_eps(c x) = sign(c) N_{eps/c^2}(x), unit gain",
       any_norm,
       a_factor_divides_eps,
       {"norm/eps-outside-sqrt", "norm/multiplied-by-std", "norm/divided-by-variance"}},
      {"LN-4",
       "J = diag(gamma)/s (I - 1 1'/d - xhat xhat'/d)",
       a_layer_norm,
       jacobian_is_the_projection,
       {"norm/mean-detached", "norm/variance-detached", "norm/gain-missing", "norm/gain-before",
        "norm/unbiased-variance", "norm/gain-offset-flipped"}},
      {"LN-5",
       "unit gain: J is 0 on 1, eps/(v+eps)/s on xhat, 1/s on the rest",
       a_layer_norm,
       three_singular_values,
       {"norm/mean-detached", "norm/variance-detached", "norm/eps-missing", "dual/mean-constant",
        "dual/column-constant", "dual/rsqrt-not-halved", "dual/rsqrt-squared", "dual/left-factor-only"}},
      {"LN-6",
       "J 1 = 0 and J x = gamma xhat eps/(v+eps), any gain",
       a_layer_norm,
       null_direction_and_euler,
       {"norm/mean-detached", "norm/variance-detached"}},
      {"LN-7",
       "(1/gamma)' J = 0, any eps",
       a_layer_norm,
       left_null_vector,
       {"norm/gain-before", "norm/mean-detached", "norm/not-centred"}},
      {"LN-8",
       "the gradient is (h - mean h - xhat mean(h xhat))/s, h = gamma g; of gamma sum g xhat; of beta sum g",
       a_layer_norm,
       gradient_is_the_textbook_one,
       {"norm/mean-detached", "norm/variance-detached", "norm/gain-missing", "norm/bias-missing",
        "norm/unbiased-variance", "tape/bias-constant", "tape/gain-constant", "tape/mean-constant",
        "tape/column-constant", "tape/rsqrt-not-halved"}},
      {"LN-9",
       "unit gain: |J| |x|/|LN(x)| = sqrt(1 + mean^2/v), whatever eps",
       a_layer_norm,
       condition_number_ignores_eps,
       {"norm/not-centred", "norm/multiplied-by-std", "norm/variance-only-centred"}},
      {"LN-10",
       "J_eps(c x) = J_{eps/c^2}(x) / |c|",
       any_norm,
       jacobian_of_a_multiple,
       {"norm/eps-outside-sqrt", "norm/multiplied-by-std", "norm/divided-by-variance"}},
      {"LN-13",
       "iterating LayerNorm of unit gain maps v to v/(v+eps)",
       a_layer_norm,
       iterating_approaches_one_minus_eps,
       {"norm/unbiased-variance", "norm/eps-missing", "norm/eps-outside-sqrt"}},
      {"RMS-1",
       "RMSNorm, unit gain: every row has mean square ms/(ms+eps)",
       an_rms_norm,
       rms_has_unit_mean_square,
       {"norm/centred", "norm/sum-for-mean", "norm/eps-outside-sqrt"}},
      {"RMS-1b",
       "LayerNorm is RMSNorm of the centred row",
       a_centring_norm,
       layer_norm_is_rms_norm_of_the_centred_row,
       {"norm/not-centred", "norm/variance-only-centred"}},
      {"RMS-2",
       "J = diag(gamma)/r (I - xhat xhat'/d)",
       an_rms_norm,
       rms_jacobian,
       {"norm/variance-detached", "norm/centred", "norm/gain-missing"}},
      {"RMS-2b",
       "det J = prod gamma_i r^-d eps/(ms + eps)",
       an_rms_norm,
       rms_determinant,
       {"norm/variance-detached", "norm/gain-missing", "norm/eps-outside-sqrt", "tape/rsqrt-not-halved"}},
      {"RMS-3",
       "gain offset 1: weight w is the gain 1 + w",
       any_norm,
       offset_gain_is_one_plus_weight,
       {"norm/gain-offset-flipped", "norm/gain-missing"}},
      {"DYT-DEF",
       "dyt is gamma tanh(alpha x) + beta, entry by entry",
       any_norm,
       dyt_is_its_definition,
       {"dyt/alpha-missing", "dyt/alpha-outside", "norm/gain-before", "norm/gain-missing"}},
  };
  return laws;
}

}  // namespace plumbline::properties
