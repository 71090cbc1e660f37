// Attention: for each head, P = softmax(softcap(scale q k^T), mask), o = P v; then o_proj of all heads. Query
// head h reads key-value head floor(h n_kv_heads / n_heads). Norms on q and k stand before or after the
// rotary embedding; the norm in slot mid stands before o_proj.
//
// Sources: arXiv 1706.03762 (attention), 2305.13245 (grouped heads), 2104.09864 (rotary embedding).
#pragma once

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/linear.hpp"
#include "plumbline/block/norm.hpp"

namespace plumbline {
namespace detail {

inline Exact score_scale(const AttentionSpec& s) {
  switch (s.scale_rule) {
    case ScaleRule::inv_sqrt_head_dim: return {s.scale_mult, double(s.head_dim)};
    case ScaleRule::inv_sqrt_scalar: return {s.scale_mult, *s.scale_value};
    case ScaleRule::one: break;
  }
  return {s.scale_mult};
}

inline Mask mask_of(const AttentionSpec& s, int queries, int keys) {
  const int shift = s.causal_alignment == CausalAlignment::bottom_right ? keys - queries : 0;
  switch (s.mask) {
    case MaskKind::bidirectional: break;
    case MaskKind::causal: return {queries, keys, queries + keys, s.mask_offset, shift};
    case MaskKind::causal_sliding: return {queries, keys, *s.window - 1, s.mask_offset, shift};
  }
  return Mask::everything(queries, keys);
}

template <Algebra A>
Tensor<A> softcap(A& a, const std::optional<double>& cap, const ParameterView<A>& p, const Tensor<A>& x) {
  if (!cap) return x;
  const Tensor<A> u = a.store(a.scale(x, {1, *cap * *cap}), p.place("scores_over_cap"));
  return a.store(a.scale(a.store(a.tanh(u), p.place("tanh_scores")), {*cap}), p.place("capped_scores"));
}

// Softmax over the keys that the mask lets through, or one of the ways in which that goes wrong.
template <Algebra A>
Tensor<A> probabilities(A& a, const AttentionSpec& s, const Tensor<A>& scores) {
  const int queries = a.rows(scores), keys = a.cols(scores);
  const Mask mask = mask_of(s, queries, keys), all = Mask::everything(queries, keys);
  if (s.softmax == SoftmaxMode::queries)
    return a.mul(a.transpose(a.softmax_rows(a.transpose(scores), Mask::everything(keys, queries))),
                 a.indicator(mask));
  if (s.softmax == SoftmaxMode::unnormalised) return a.mul(a.exp(scores), a.indicator(mask));
  if (s.softcap_after_mask) {  // masked scores become -cap where they should be -infinity
    const Tensor<A> hidden = a.add_scalar(a.indicator(mask), {-1});
    return a.softmax_rows(a.add(a.mul(scores, a.indicator(mask)), a.scale(hidden, {*s.logit_softcap})), all);
  }
  switch (s.mask_mode) {
    case MaskMode::exact: break;
    case MaskMode::after_softmax: return a.mul(a.softmax_rows(scores, all), a.indicator(mask));
    case MaskMode::zero_score: return a.softmax_rows(a.mul(scores, a.indicator(mask)), all);
    case MaskMode::finite:
      return a.softmax_rows(a.add(scores, a.scale(a.add_scalar(a.indicator(mask), {-1}), {1e4})), all);
  }
  return a.softmax_rows(scores, mask);
}

// q [Tq,h], k, v [Tk,h] -> [Tq,h].
template <Algebra A>
Tensor<A> one_head(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& q,
                   const Tensor<A>& k, const Tensor<A>& v) {
  const Tensor<A> products =
      a.store(a.matmul(a.store(q, p.place("queries")), a.transpose(a.store(k, p.place("keys")))),
              p.place("products"));
  Tensor<A> scores = a.store(a.scale(products, score_scale(s)), p.place("scores"));
  if (s.backward == AttentionBackward::scale_skipped) scores = with_derivative_of(a, scores, products);
  Tensor<A> capped = softcap(a, s.logit_softcap, p, scores);
  if (s.backward == AttentionBackward::softcap_skipped) capped = with_derivative_of(a, capped, scores);
  Tensor<A> weights = a.store(probabilities(a, s, capped), p.place("probabilities"));
  if (s.backward == AttentionBackward::softmax_elementwise)
    weights = with_derivative_of(a, weights, a.mul(a.detach(weights), capped));
  return a.store(a.matmul(weights, a.store(v, p.place("values"))), p.place("heads"));
}

inline Rotation rotation(const RopeSpec& r, int head_dim, bool of_keys) {
  return {.style = r.style,
          .rotary_dim = r.rotary_dim,
          .exponent_dim = r.exponent_of_head_dim ? head_dim : r.rotary_dim,
          .base = r.base,
          .first_position = of_keys ? r.key_offset : 0,
          .sign = of_keys ? r.direction : 1};
}

// All heads of q or k, each [T,h]: norm and rotary embedding in the order that the norm asks for.
template <Algebra A>
std::vector<Tensor<A>> positioned_heads(A& a, const BlockSpec& spec, const NormSlot& slot,
                                        const ParameterView<A>& attn, Tensor<A> x, int heads, bool of_keys) {
  const int h = spec.attention.head_dim;
  const ParameterView<A> p = attn.under(of_keys ? "norm_k" : "norm_q");
  const std::string rotated = attn.place(of_keys ? "rotated_keys" : "rotated_queries");
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::before_rope)
    x = norm(a, slot, p, x);
  std::vector<Tensor<A>> out;
  for (int i = 0; i < heads; ++i) {
    Tensor<A> y = a.take_cols(x, i * h, h);
    const bool per_head = slot && slot->width == NormWidth::head_dim;
    if (per_head && slot->position == QkPosition::before_rope) y = norm(a, slot, p, y);
    if (spec.rope) {
      const Tensor<A> turned = a.store(a.rotate(y, rotation(*spec.rope, h, of_keys)), rotated);
      const bool skipped = spec.attention.backward == AttentionBackward::rope_skipped;
      y = skipped ? with_derivative_of(a, turned, y) : turned;
    }
    if (per_head && slot->position == QkPosition::after_rope) y = norm(a, slot, p, y);
    out.push_back(y);
  }
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::after_rope) {
    const Tensor<A> y = norm(a, slot, p, a.concat_cols(out));
    for (int i = 0; i < heads; ++i) out[i] = a.take_cols(y, i * h, h);
  }
  return out;
}

// All heads of one sequence, before o_proj.
//   shapes: q [T, n_heads h], k, v [T, n_kv_heads h], all projected -> [T, n_heads h]
template <Algebra A>
Tensor<A> heads_of_sequence(A& a, const BlockSpec& spec, const ParameterView<A>& p,
                            const Tensor<A>& projected_q, const Tensor<A>& projected_k, const Tensor<A>& v) {
  const AttentionSpec& s = spec.attention;
  const auto q = positioned_heads(a, spec, spec.attn_norms.q, p, projected_q, s.n_heads, false);
  const auto k = positioned_heads(a, spec, spec.attn_norms.k, p, projected_k, s.n_kv_heads, true);
  std::vector<Tensor<A>> out;
  for (int h = 0; h < s.n_heads; ++h) {
    const int g = s.head_sharing == HeadSharing::repeat ? h * s.n_kv_heads / s.n_heads : h % s.n_kv_heads;
    Tensor<A> value = a.take_cols(v, g * s.head_dim, s.head_dim);
    if (spec.rope && spec.rope->rotates_values)
      value = a.rotate(value, rotation(*spec.rope, s.head_dim, true));
    const bool first = s.backward != AttentionBackward::first_head || h * s.n_kv_heads % s.n_heads == 0;
    out.push_back(one_head(a, s, p, q[h], first ? k[g] : a.detach(k[g]), first ? value : a.detach(value)));
  }
  return a.concat_cols(out);
}

// The same for each of the sequences that are folded into the rows; there may be more keys than queries.
template <Algebra A>
Tensor<A> heads_of_batch(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& q,
                         const Tensor<A>& k, const Tensor<A>& v, int batch) {
  const auto of_sequence = [&](const Tensor<A>& u, int b) {
    const int tokens = a.rows(u) / batch;
    return a.take_rows(u, b * tokens, tokens);
  };
  std::vector<Tensor<A>> sequences;
  for (int b = 0; b < batch; ++b) {
    const Tensor<A> queries = of_sequence(q, b), keys = of_sequence(k, b), values = of_sequence(v, b);
    sequences.push_back(heads_of_sequence(a, spec, p, queries, keys, values));
  }
  return batch == 1 ? sequences.front() : a.concat_rows(sequences);
}

}  // namespace detail

// What fused kernels compute: all heads of q, k and v that are projected already.
//   formula: o = softmax(softcap(scale q k^T), mask) v for each head, with norms on q and k and the rotary
//     embedding where the spec has them
//   shapes: q [B Tq, n_heads h], k, v [B Tk, n_kv_heads h] -> [B Tq, n_heads h]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where p holds no "k" or "v", or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2205.14135
template <Algebra A>
Tensor<A> sdpa(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& q, int batch) {
  return a.component("Attn", q,
                     [&] { return detail::heads_of_batch(a, spec, p, q, p.at("k"), p.at("v"), batch); });
}

// The attention branch, with its projections.
//   formula: o_proj(N_mid(sdpa(q_proj x, k_proj x, v_proj x)))
//   shapes: x [B T, d] -> [B T, d]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2305.13245
template <Algebra A>
Tensor<A> attention(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch) {
  return a.component("Attn", x, [&] {
    const Tensor<A> q = linear(a, p.under("q_proj"), spec.attention.bias.q, x);
    const Tensor<A> k = linear(a, p.under("k_proj"), spec.attention.bias.k, x);
    const Tensor<A> v = linear(a, p.under("v_proj"), spec.attention.bias.v, x);
    const Tensor<A> heads = detail::heads_of_batch(a, spec, p, q, k, v, batch);
    return linear(a, p.under("o_proj"), spec.attention.bias.o,
                  norm(a, spec.attn_norms.mid, p.under("norm_mid"), heads));
  });
}

}  // namespace plumbline
