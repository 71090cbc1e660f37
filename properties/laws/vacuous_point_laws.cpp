// Points at which other laws say nothing, visited on purpose: few channels, constant rows, a zero row.
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

constexpr auto not_a_point = "speaks of a norm alone, at a point that the layouts' laws avoid";
const Scope norm_point = both_norms({"norm"}, not_a_point),
            layer_norm_point = layer_norm_only({"norm"}, "RMSNorm keeps the mean", not_a_point),
            rms_norm_point = rms_norm_only({"norm"}, "LayerNorm has LN-12", not_a_point),
            attention_point = attention_alone("speaks of the attention branch alone");

Instance draw_row(const Subject& f, int channels) {
  BlockSpec spec = draw_spec(f.cell());
  spec.d = channels;
  return draw_quiet(spec, 1);
}

I sqrt_eps(const Instance& at) { return sqrt(I(at.spec.norm_slots.attn.in->eps)); }

// gamma (w - mean w): what the norm's Jacobian does to w at a constant row, but for 1/sqrt(eps).
Matrix<I> projected(const Instance& at, const Matrix<I>& w) {
  return at.parameters.at("norm.weight").cwiseProduct((w.array() - mean(w)).matrix());
}

void one_channel_is_its_bias(const Subject& f) {
  const Instance at = draw_row(f, 1);
  RC_ASSERT(equal(f.value(at), at.parameters.at("norm.bias")));
  RC_ASSERT(vanishes(f.jacobian_at(at)));
}

void two_channels_are_their_order(const Subject& f) {
  Instance at = draw_row(f, 2);
  at.spec.norm_slots.attn.in->eps = 0;
  at.spec.norm_slots.attn.in->gain = at.spec.norm_slots.attn.in->bias = false;
  const bool rises = lower(at.x(0, 1)) > lower(at.x(0, 0));
  Matrix<I> expected = filled(1, 2, rises ? 1 : -1);
  expected(0, 0) = -expected(0, 0);
  RC_ASSERT(equal(f.value(at), expected));
  RC_ASSERT(vanishes(f.jacobian_at(at)));
}

void three_channels_turn_in_one_direction(const Subject& f) {
  Instance at = draw_row(f, 3);
  at.spec.norm_slots.attn.in->eps = 0;
  const Matrix<I> j = f.jacobian_at(at);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b)
      RC_ASSERT(equal(j(a, b) * j((a + 1) % 3, (b + 1) % 3), j(a, (b + 1) % 3) * j((a + 1) % 3, b)));
}

void a_constant_row_is_its_bias(const Subject& f) {
  Instance at = draw_row(f, draw_spec(f.cell()).d);
  at.x.setConstant(at.x(0, 0));
  const Matrix<I> w = draw_like(at.x);
  RC_ASSERT(equal(f.value(at), at.parameters.at("norm.bias")));
  RC_ASSERT(equal(f.push_forward(at, w), projected(at, w) / sqrt_eps(at)));
}

void the_steepest_point_is_a_constant_row(const Subject& f) {
  Instance near = draw_row(f, draw_spec(f.cell()).d);
  near.x *= I(*rc::gen::element(0x1p-24, 0x1p-12, 1.0));
  const bool constant = *rc::gen::arbitrary<bool>();
  RC_CLASSIFY(constant, "from the steepest row");
  const Matrix<I> other = constant ? filled(1, near.x.cols(), 0) : draw_like(near.x);
  const Matrix<I> difference = f.value(near) - f.value(near, other), moved = near.x - other;
  const I lipschitz =
      I(static_cast<double>(largest_entry(near.parameters.at("norm.weight")))) / sqrt_eps(near);
  RC_ASSERT(at_most(frobenius(difference), lipschitz * frobenius(moved)));
}

void a_zero_row_has_the_steepest_jacobian(const Subject& f) {
  Instance at = draw_row(f, draw_spec(f.cell()).d);
  at.x.setConstant(I(0));
  const Matrix<I> w = draw_like(at.x);
  RC_ASSERT(equal(f.push_forward(at, w), at.parameters.at("norm.weight").cwiseProduct(w) / sqrt_eps(at)));
}

void one_token_passes_its_value(const Subject& f) {
  const Instance at = draw_quiet(draw_spec(f.cell()), 1);
  const AttentionSpec& s = at.spec.attention;
  const auto affine = [&](const std::string& p, const Matrix<I>& x) {
    return Matrix<I>(product(x, at.parameters.at(p + ".weight").transpose()) + at.parameters.at(p + ".bias"));
  };
  const Matrix<I> v = affine("layers.0.attn.v_proj", at.x);
  Matrix<I> heads(1, s.n_heads * s.head_dim);
  for (int h = 0; h < s.n_heads; ++h)
    heads.middleCols(h * s.head_dim, s.head_dim) =
        v.middleCols(h * s.n_kv_heads / s.n_heads * s.head_dim, s.head_dim);
  RC_ASSERT(equal(f.value(at), affine("layers.0.attn.o_proj", heads)));
}

}  // namespace

const std::vector<Law>& vacuous_point_laws() {
  static const std::vector<Law> laws{
      {"LN-11",
       "|N(x) - N(x')| <= max |gamma| / sqrt(eps) |x - x'|",
       norm_point,
       the_steepest_point_is_a_constant_row,
       {"norm/eps-missing", "norm/divided-by-variance", "norm/eps-outside-sqrt"}},
      {"LN-12",
       "LayerNorm of a constant row is beta, and J = diag(gamma)(I - 1 1'/d)/sqrt(eps)",
       layer_norm_point,
       a_constant_row_is_its_bias,
       {"norm/not-centred", "norm/bias-missing", "norm/divided-by-variance", "norm/mean-detached",
        "dual/mean-constant"}},
      {"RMS-2c",
       "RMSNorm at the zero row: J = diag(gamma)/sqrt(eps)",
       rms_norm_point,
       a_zero_row_has_the_steepest_jacobian,
       {"norm/divided-by-variance", "norm/centred", "norm/gain-missing", "norm/multiplied-by-std"}},
      {"VAC-1",
       "LayerNorm of one channel: y is beta and J is 0",
       layer_norm_point,
       one_channel_is_its_bias,
       {"norm/not-centred", "norm/bias-missing", "norm/variance-only-centred", "norm/mean-detached",
        "tape/mean-constant"}},
      {"VAC-2",
       "LayerNorm of two channels, eps = 0, unit gain: y is (1, -1) or (-1, 1), and J is 0",
       layer_norm_point,
       two_channels_are_their_order,
       {"norm/unbiased-variance", "norm/not-centred", "norm/variance-detached", "norm/multiplied-by-std",
        "tape/column-constant", "tape/rsqrt-not-halved"}},
      {"VAC-3",
       "LayerNorm of three channels, eps = 0: J has rank 1",
       layer_norm_point,
       three_channels_turn_in_one_direction,
       {"norm/variance-detached", "norm/mean-detached", "norm/not-centred", "tape/rsqrt-squared"}},
      {"VAC-4",
       "attention of one token: its value through the last projection; no score matters",
       attention_point,
       one_token_passes_its_value,
       {"heads/tiled", "bias/v-missing", "bias/o-missing", "softmax/unnormalised"}},
  };
  return laws;
}

}  // namespace plumbline::properties
