// The attention weights themselves. Where x, W_V and W_O are identities, the output of one head is P.
#include "properties/certified.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"

namespace plumbline::properties {
namespace {

const Scope head_weights = attention_alone("speaks of the weights of one head, which every layout shares");

constexpr int tokens = 4, head_dim = 6;

BlockSpec one_head(const Subject& f, MaskKind mask) {
  BlockSpec s = draw_spec(f.cell());
  s.attention.n_heads = s.attention.n_kv_heads = 1;
  s.attention.mask.kind = mask;
  return s;
}

// One head with random queries and keys whose output is P: v_j = e_j.
Instance draw_weights(const Subject& f, MaskKind mask) {
  BlockSpec s = one_head(f, mask);
  s.d = tokens;
  s.attention.head_dim = head_dim;
  Instance at = draw_quiet(s, tokens);
  at.x = identity(tokens);
  at.parameters.at("layers.0.attn.v_proj.weight") = identity(head_dim).leftCols(tokens);
  at.parameters.at("layers.0.attn.o_proj.weight") = identity(head_dim).topRows(tokens);
  for (const char* p : {"v_proj", "o_proj"})
    at.parameters.at("layers.0.attn." + std::string(p) + ".bias").setConstant(I(0));
  return at;
}

const Matrix<I>& weight(const Instance& at, const std::string& p) {
  return at.parameters.at("layers.0.attn." + p + ".weight");
}

Matrix<I> projected(const Instance& at, const std::string& p) {
  Matrix<I> y = product(at.x, weight(at, p).transpose());
  for (Eigen::Index t = 0; t < y.rows(); ++t) y.row(t) += at.parameters.at("layers.0.attn." + p + ".bias");
  return y;
}

void rows_are_averages(const Subject& f) {
  const Instance at = draw_weights(f, MaskKind::causal);
  const Matrix<I> p = f.value(at);
  for (int i = 0; i < tokens; ++i) {
    RC_ASSERT(equal(I(p.row(i).sum()), I(1)));
    for (int j = 0; j <= i; ++j) RC_ASSERT(lower(p(i, j)) > 0);
    for (int j = i + 1; j < tokens; ++j) RC_ASSERT(lower(p(i, j)) == 0 && upper(p(i, j)) == 0);
  }
}

void outputs_lie_between_values(const Subject& f) {
  Instance at = draw_weights(f, MaskKind::causal);
  Matrix<I>& values = at.parameters.at("layers.0.attn.v_proj.weight");
  values = draw_like(values);
  const Matrix<I> v = projected(at, "v_proj").leftCols(tokens), o = f.value(at);
  for (int i = 0; i < tokens; ++i)
    for (int c = 0; c < tokens; ++c) {
      I range = v(0, c);
      for (int j = 1; j <= i; ++j) range = hull(range, v(j, c));
      RC_ASSERT(lower(range) <= upper(o(i, c)) && lower(o(i, c)) <= upper(range));
    }
}

void ratios_are_scaled_products(const Subject& f) {
  const Instance at = draw_weights(f, MaskKind::causal);
  const Matrix<I> p = f.value(at), q = projected(at, "q_proj"), k = projected(at, "k_proj");
  for (int i = 1; i < tokens; ++i)
    for (int j = 0; j < i; ++j)
      RC_ASSERT(
          equal(I(log(I(p(i, j) / p(i, i)))), I(dot(q.row(i), k.row(j) - k.row(i)) / sqrt(I(head_dim)))));
}

// P S of the last row's softmax, S = diag p - p p': with q_i = e_i the scores are scale W_K(i, j), so that
// the gradient in row i of W_K is scale S g.
struct SoftmaxJacobian {
  Matrix<I> p, s;
};
SoftmaxJacobian draw_softmax_jacobian(const Subject& f) {
  Instance at = draw_weights(f, MaskKind::causal);
  at.parameters.at("layers.0.attn.q_proj.weight") = identity(head_dim).leftCols(tokens);
  at.parameters.at("layers.0.attn.q_proj.bias").setConstant(I(0));
  at.parameters.at("layers.0.attn.k_proj.weight") *= I(*rc::gen::element(1, 4, 16));
  SoftmaxJacobian found{f.value(at).bottomRows(1), filled(tokens, tokens, 0)};
  for (int c = 0; c < tokens; ++c) {
    Matrix<I> g = filled(tokens, tokens, 0);
    g(tokens - 1, c) = I(1);
    found.s.row(c) =
        f.pull_back(at, g).parameters.at("layers.0.attn.k_proj.weight").row(tokens - 1) * sqrt(I(head_dim));
  }
  return found;
}

void softmax_jacobian_is_a_covariance(const Subject& f) {
  const auto [p, s] = draw_softmax_jacobian(f);
  Matrix<I> expected = -product(p.transpose(), p);
  for (int i = 0; i < tokens; ++i) expected(i, i) += p(0, i);
  RC_ASSERT(equal(s, expected));
  RC_ASSERT(vanishes(s.rowwise().sum()));
}

void softmax_jacobian_has_bounded_eigenvalues(const Subject& f) {
  const auto [p, s] = draw_softmax_jacobian(f);
  int first = 0, second = 1;
  for (int i = 1; i < tokens; ++i) {
    if (lower(p(0, i)) > lower(p(0, first))) second = first, first = i;
    if (i != first && (second == first || lower(p(0, i)) > lower(p(0, second)))) second = i;
  }
  I bound = p(0, first), widest(0);
  for (int i = 0; i < tokens; ++i) {
    const I spread = I(2) * p(0, i) * (I(1) - p(0, i));
    if (upper(spread) > upper(widest)) widest = spread;
  }
  if (upper(widest) < upper(bound)) bound = widest;
  RC_ASSERT(at_most(bound, I(1) / I(2)));
  RC_ASSERT(is_positive_definite(identity(tokens) * bound - s));
  Matrix<I> across = filled(1, tokens, 0);  // whose Rayleigh quotient is at least p_(2)
  across(0, first) = I(1);
  across(0, second) = I(-1);
  RC_ASSERT(at_most(p(0, second), dot(across, product(across, s)) / I(2)));
}

void signs_give_the_norm_from_inf_to_one(const Subject& f) {
  const auto [p, s] = draw_softmax_jacobian(f);
  const int subset = draw_number_from(1, (1 << tokens) - 2);
  Matrix<I> signs(1, tokens);
  I m(0), sum(0);
  for (int i = 0; i < tokens; ++i) {
    const bool chosen = subset >> i & 1;
    signs(0, i) = I(chosen ? 1 : -1);
    if (chosen) m += p(0, i);
  }
  const Matrix<I> moved = product(signs, s);
  for (int i = 0; i < tokens; ++i) sum += abs(moved(0, i));
  RC_ASSERT(equal(sum, I(4) * m * (I(1) - m)));
}

// J_ij = W_O (P_ij W_V + P_ij (v_j - o_i)(q_i' W_K)/sqrt h + delta_ij Cov_i(v, k) W_Q/sqrt h)
void jacobian_of_one_head(const Subject& f) {
  const MaskKind mask = *rc::gen::element(MaskKind::causal, MaskKind::bidirectional);
  BlockSpec spec = one_head(f, mask);
  spec.attention.head_dim = 3;
  const Instance at = draw_quiet(spec, 3);
  const int d = spec.d, n = 3;
  const Matrix<I> q = projected(at, "q_proj"), k = projected(at, "k_proj"), v = projected(at, "v_proj");
  const I root = sqrt(I(spec.attention.head_dim));
  Matrix<I> expected = filled(n * d, n * d, 0);
  for (int i = 0; i < n; ++i) {
    const int seen = mask == MaskKind::causal ? i + 1 : n;
    Matrix<I> p(1, seen);
    for (int j = 0; j < seen; ++j) p(0, j) = exp(I(dot(q.row(i), k.row(j)) / root));
    p /= I(p.sum());
    const Matrix<I> o = product(p, v.topRows(seen)), along_key = product(q.row(i), weight(at, "k_proj"));
    Matrix<I> covariance = filled(3, 3, 0);
    for (int j = 0; j < seen; ++j) {
      const Matrix<I> away = (v.row(j) - o).transpose();
      covariance += product(away, k.row(j)) * p(0, j);
      const Matrix<I> block = weight(at, "v_proj") + product(away, along_key) / root;
      expected.block(i * d, j * d, d, d) += product(weight(at, "o_proj"), block) * p(0, j);
    }
    expected.block(i * d, i * d, d, d) +=
        product(weight(at, "o_proj"), product(covariance, weight(at, "q_proj"))) / root;
  }
  RC_ASSERT(equal(f.jacobian_at(at), expected));
}

Matrix<I> turned(const Matrix<I>& x) {
  Matrix<I> y(x.rows(), x.cols());
  for (Eigen::Index t = 0; t < x.rows(); ++t) y.row(t) = x.row((t + 1) % x.rows());
  return y;
}

void permutations_commute_without_mask_and_positions(const Subject& f) {
  Instance at = draw_quiet(one_head(f, MaskKind::bidirectional), 4);
  RC_ASSERT(equal(f.value(at, turned(at.x)), turned(f.value(at))));
  Instance masked = at, placed = at;
  masked.spec.attention.mask.kind = MaskKind::causal;
  placed.spec.position.rope = RopeSpec{.rotary_dim = 4};
  for (const Instance& broken : {masked, placed})
    RC_ASSERT(!equal(f.value(broken, turned(at.x)), turned(f.value(broken))));
}

void positions_are_relative(const Subject& f) {
  BlockSpec spec = one_head(f, MaskKind::causal_sliding);
  spec.attention.mask.window = 2;
  spec.position.rope =
      RopeSpec{.style = *rc::gen::element(RopeStyle::half, RopeStyle::interleaved), .rotary_dim = 4};
  const Instance late = draw_quiet(spec, 5);
  Instance early = late;
  early.x = late.x.bottomRows(4);
  RC_ASSERT(equal(f.value(late).bottomRows(3), f.value(early).bottomRows(3)));
}

// W_Q c, W_K / c: only their product is seen.
void queries_and_keys_share_a_gauge(const Subject& f) {
  const Instance at = draw_quiet(draw_spec(f.cell()), 4);
  Instance turned = at;
  const I c(*rc::gen::element(-4, 3, 1024));
  for (const char* leaf : {".weight", ".bias"}) {
    turned.parameters.at("layers.0.attn.q_proj" + std::string(leaf)) *= c;
    turned.parameters.at("layers.0.attn.k_proj" + std::string(leaf)) /= c;
  }
  RC_ASSERT(equal(f.value(turned), reference.value(at)));
}

}  // namespace

const std::vector<Law>& attention_weight_laws() {
  static const std::vector<Law> laws{
      {"ATT-1",
       "rows of P are positive where seen, exactly 0 where masked, and sum to 1",
       head_weights,
       rows_are_averages,
       {"softmax/unnormalised", "softmax/over-queries", "mask/after-softmax", "mask/missing",
        "mask/sees-next", "mask/zero-score"}},
      {"ATT-1b",
       "every output lies between the smallest and the largest visible value, channel by channel",
       head_weights,
       outputs_lie_between_values,
       {"softmax/unnormalised", "mask/missing", "mask/sees-next", "mask/after-softmax"}},
      {"ATT-4",
       "one head: J_ij = W_O (P_ij W_V + P_ij (v_j - o_i) q_i'W_K/sqrt h + delta_ij Cov_i(v, k) W_Q/sqrt h)",
       head_weights,
       jacobian_of_one_head,
       {"scale/missing", "scale/twice", "softmax/unnormalised", "mask/missing", "tape/softmax-without-sum",
        "tape/scale-missing", "tape/right-operand-constant"}},
      {"ATT-5",
       "the softmax Jacobian is diag p - p p', and annihilates 1",
       head_weights,
       softmax_jacobian_is_a_covariance,
       {"softmax/unnormalised", "scale/missing", "scale/by-width", "tape/softmax-without-sum",
        "tape/scale-missing", "tape/right-operand-constant"}},
      {"ATT-5b",
       "p_(2) <= lambda_max(diag p - p p') <= min(p_(1), max 2p(1-p)) <= 1/2",
       head_weights,
       softmax_jacobian_has_bounded_eigenvalues,
       {"softmax/unnormalised", "tape/softmax-without-sum"}},
      {"ATT-5c",
       "|S sign|_1 = 4 m (1 - m), m the weight of the positive signs",
       head_weights,
       signs_give_the_norm_from_inf_to_one,
       {"softmax/unnormalised", "tape/softmax-without-sum", "scale/by-width"}},
      {"ATT-8",
       "attention commutes with permutations of the tokens; a mask or positions break that",
       head_weights,
       permutations_commute_without_mask_and_positions,
       {"mask/missing", "rope/missing"}},
      {"ATT-11b",
       "W_Q c and W_K / c are one attention",
       head_weights,
       queries_and_keys_share_a_gauge,
       {"bias/q-missing", "heads/tiled", "scale/twice", "softmax/unnormalised"}},
      {"ATT-12b",
       "rotary positions are relative: an earlier token out of sight changes nothing",
       head_weights,
       positions_are_relative,
       {"rope/values", "mask/missing", "mask/window-too-long"}},
      {"ATT-13",
       "ln(P_ij / P_ik) = q_i (k_j - k_k) / sqrt h",
       head_weights,
       ratios_are_scaled_products,
       {"scale/missing", "scale/twice", "scale/by-width", "scale/by-heads", "bias/q-missing",
        "softmax/over-queries"}},
  };
  return laws;
}

}  // namespace plumbline::properties
