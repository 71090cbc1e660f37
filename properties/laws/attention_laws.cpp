// What follows for attention: biases, equal tokens, which tokens reach which.
#include "properties/law.hpp"
#include "properties/laws/attention_by_definition.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {
namespace {

const Scope attention = attention_alone("speaks of the attention branch alone, which every layout shares");

void value_bias_passes_through(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 4);
  Instance without = at;
  without.parameters.at("layers.0.attn.v_proj.bias").setConstant(I(0));
  const AttentionSpec& s = at.spec.attention;
  Matrix<I> repeated(1, s.n_heads * s.head_dim);
  for (int head = 0; head < s.n_heads; ++head)
    repeated.block(0, head * s.head_dim, 1, s.head_dim) =
        at.parameters.at("layers.0.attn.v_proj.bias")
            .block(0, head * s.n_kv_heads / s.n_heads * s.head_dim, 1, s.head_dim);
  const Matrix<I> shift = product(repeated, at.parameters.at("layers.0.attn.o_proj.weight").transpose());
  const Matrix<I> difference = f.value(at) - f.value(without);
  for (Eigen::Index t = 0; t < difference.rows(); ++t) RC_ASSERT(equal(difference.row(t), shift));
}

void key_bias_is_invisible(const Subject& f) {
  Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 4);
  const Matrix<I> y = f.value(at);
  const Matrix<I> g = draw_like(at.x);
  RC_ASSERT(vanishes(f.pull_back(at, g).parameters.at("layers.0.attn.k_proj.bias")));
  Matrix<I>& bias = at.parameters.at("layers.0.attn.k_proj.bias");
  bias = draw_like(bias);
  RC_ASSERT(equal(f.value(at), y));
}

void equal_tokens_are_averaged_to_themselves(const Subject& f) {
  BlockSpec spec = draw_attention(f, MaskKind::causal);
  spec.position.rope = RopeSpec{.rotary_dim = 4};
  Instance at = draw_quiet(spec, 4), one = at;
  for (Eigen::Index t = 1; t < at.x.rows(); ++t) at.x.row(t) = at.x.row(0);
  one.x = at.x.row(0);
  const Matrix<I> expected = attention_by_definition(one), y = f.value(at);
  for (Eigen::Index t = 0; t < y.rows(); ++t) RC_ASSERT(equal(y.row(t), expected));
}

// Which rows change, bit for bit in double, when token j does.
std::vector<bool> changed_rows(const Subject& f, const Instance& at, int j) {
  const auto as_double = [](const Matrix<I>& x) {
    return Matrix<double>(x.unaryExpr([](const I& v) { return static_cast<double>(plumbline::lower(v)); }));
  };
  Parameters<double> p;
  for (const auto& [name, value] : at.parameters) p[name] = as_double(value);
  Matrix<double> x = as_double(at.x);
  const Matrix<double> before = f.value_in(at.spec, p, x);
  x.row(j) *= -0.5;
  const Matrix<double> after = f.value_in(at.spec, p, x);
  std::vector<bool> changed;
  for (Eigen::Index t = 0; t < x.rows(); ++t) changed.push_back(before.row(t) != after.row(t));
  return changed;
}

void causality(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal), 5);
  const int j = draw_number_from(1, 4);
  const std::vector<bool> changed = changed_rows(f, at, j);
  for (int i = 0; i < 5; ++i) RC_ASSERT(changed[i] == (i >= j));
}

void window_has_two_ends(const Subject& f) {
  const Instance at = draw_quiet(draw_attention(f, MaskKind::causal_sliding), 5);
  const int j = draw_number_from(1, 2);
  const std::vector<bool> changed = changed_rows(f, at, j);
  for (int i = 0; i < 5; ++i) RC_ASSERT(changed[i] == (0 <= i - j && i - j < 2));
}

}  // namespace

const std::vector<Law>& attention_laws() {
  static const std::vector<Law> laws{
      {"ATT-2a",
       "a value bias passes through attention",
       attention,
       value_bias_passes_through,
       {"mask/after-softmax", "softmax/over-queries", "softmax/unnormalised", "heads/tiled",
        "bias/v-missing"}},
      {"ATT-2b",
       "a key bias is invisible, and its gradient is 0",
       attention,
       key_bias_is_invisible,
       {"mask/zero-score", "softmax/unnormalised", "softmax/over-queries", "tape/softmax-without-sum"}},
      {"ATT-3",
       "equal tokens give what one token gives",
       attention,
       equal_tokens_are_averaged_to_themselves,
       {"mask/after-softmax", "softmax/unnormalised", "softmax/over-queries", "rope/values", "heads/tiled"}},
      {"ATT-9",
       "causality: token j changes row j and rows after it, and no bit of a row before",
       attention,
       causality,
       {"mask/missing", "mask/sees-next", "mask/after-softmax", "softmax/over-queries"}},
      {"ATT-10",
       "a window of W keys: token j changes row i if and only if 0 <= i - j < W",
       attention,
       window_has_two_ends,
       {"mask/window-too-long", "mask/window-too-short", "mask/missing", "mask/sees-next"}},
  };
  return laws;
}

}  // namespace plumbline::properties
