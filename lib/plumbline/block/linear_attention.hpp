// Linear attention: instead of a softmax over keys each head of keys has a state S [head_dim, v_head_dim], to
// which every token writes and which its queries read.
//   S becomes S + k v, with u = v for the rules linear and gated; for delta and gated_delta
//   u = beta (v - k S) stands for v. Before that S becomes exp(g) S, for the rules gated and gated_delta: g
//   is a number for each head, or for each row of S. Then o = scale q S; query head h reads the state of
//   key-value head floor(h n_kv_heads / n_heads).
// Sources: arXiv 2006.16236 (linear), 2312.06635 (gated), 2406.06484 (delta), 2412.06464 (gated_delta); ONNX,
// operator LinearAttention; huggingface/transformers, modeling_qwen3_next (which divides q and k by lengths).
#pragma once

#include <vector>

#include "plumbline/block/attention_spec.hpp"
#include "plumbline/block/part.hpp"

namespace plumbline {

// Whether each channel of keys has a decay of its own, where there is one.
inline bool decays_by_channel(const AttentionSpec& s) {
  return s.linear && s.linear->decay_over == DecayOver::channels;
}

namespace detail {

// What a token brings to one head of keys: k [1, h], v [1, w]; g [1, 1] or [1, h], beta [1, 1].
template <class A>
struct Writing {
  Tensor<A> k, v;
  std::optional<Tensor<A>> decay = {}, beta = {};
};

// Each head over its length.
template <Algebra A>
Tensor<A> over_lengths(A& a, const LinearAttentionSpec& s, const Tensor<A>& x, const Place& place) {
  if (!s.qk_l2_eps) return x;
  return a.component(Component::norm, "L2", x, [&] {
    const Tensor<A> squares = a.row_sum(a.mul(x, x));
    return a.store(a.mul_col(x, a.rsqrt(a.add_scalar(squares, {*s.qk_l2_eps}))), place);
  });
}

// exp(g) S.
template <Algebra A>
Tensor<A> decayed(A& a, const LinearAttentionSpec& s, const Writing<A>& w, const Tensor<A>& state) {
  if (!w.decay || s.fault == StateFault::decay_missing) return state;
  const Tensor<A> factor = s.fault == StateFault::decay_as_given ? *w.decay : a.exp(*w.decay);
  if (s.decay_over == DecayOver::channels) return a.mul_col(state, a.transpose(factor));
  return a.mul_col(state, a.concat_rows(std::vector<Tensor<A>>(std::size_t(a.rows(state)), factor)));
}

// What stands for v: beta (v - k S).
template <Algebra A>
Tensor<A> correction(A& a, const LinearAttentionSpec& s, const Writing<A>& w, const Tensor<A>& state) {
  if (!w.beta) return w.v;
  const auto times_beta = [&](const Tensor<A>& x) {
    return s.fault == StateFault::beta_missing ? x : a.mul_col(x, *w.beta);
  };
  if (s.fault == StateFault::delta_missing) return times_beta(w.v);
  const Tensor<A> held = a.matmul(w.k, state);
  if (s.fault == StateFault::beta_on_values_alone) return a.sub(times_beta(w.v), held);
  return times_beta(a.sub(w.v, held));
}

// The state behind a token.
template <Algebra A>
Tensor<A> written(A& a, const LinearAttentionSpec& s, const Writing<A>& w, const Tensor<A>& before) {
  const bool late = s.fault == StateFault::decay_after_update;
  const Tensor<A> state = late ? before : decayed(a, s, w, before);
  const Tensor<A> u = correction(a, s, w, s.fault == StateFault::delta_before_decay ? before : state);
  const Tensor<A> after = a.add(state, a.matmul(a.transpose(w.k), u));
  return late ? decayed(a, s, w, after) : after;
}

// The state that the first token of a sequence finds, of one head of keys.
template <Algebra A>
Tensor<A> first_state(A& a, const AttentionSpec& s, const ParameterView<A>& p, int sequence, int head) {
  const LinearAttentionSpec& l = *s.linear;
  if (!l.state || l.fault == StateFault::state_missing) return a.zeros(s.head_dim, value_dim(s));
  const Tensor<A> given =
      a.take_rows(p.at("state"), (sequence * s.n_kv_heads + head) * s.head_dim, s.head_dim);
  return l.fault == StateFault::state_transposed ? a.transpose(given) : given;
}

// What the tokens of a sequence bring to that head.
template <Algebra A>
std::vector<Writing<A>> writings(A& a, const AttentionSpec& s, const ParameterView<A>& p, int first,
                                 int tokens, int head) {
  const LinearAttentionSpec& l = *s.linear;
  const auto of_head = [&](const char* name, int width) {
    return a.take_cols(a.take_rows(p.at(name), first, tokens), head * width, width);
  };
  const Tensor<A> k = over_lengths(a, l, of_head("k", s.head_dim), p.place(Site::keys));
  const Tensor<A> v = of_head("v", value_dim(s));
  std::vector<Writing<A>> out;
  for (int t = 0; t < tokens; ++t) out.push_back({a.take_rows(k, t, 1), a.take_rows(v, t, 1)});
  const auto give = [&](std::optional<Tensor<A>> Writing<A>::*what, const Tensor<A>& of_tokens) {
    for (int t = 0; t < tokens; ++t) out[std::size_t(t)].*what = a.take_rows(of_tokens, t, 1);
  };
  if (decays(l)) give(&Writing<A>::decay, of_head("decay", decays_by_channel(s) ? s.head_dim : 1));
  if (corrects(l)) give(&Writing<A>::beta, of_head("beta", 1));
  return out;
}

// All states of one head of keys that queries read, token by token.
template <Algebra A>
std::vector<Tensor<A>> states(A& a, const AttentionSpec& s, const ParameterView<A>& p, int sequence,
                              int tokens, int head) {
  std::vector<Tensor<A>> out;
  Tensor<A> state = first_state(a, s, p, sequence, head);
  for (const Writing<A>& w : writings(a, s, p, sequence * tokens, tokens, head)) {
    const Tensor<A> after = written(a, *s.linear, w, state);
    out.push_back(s.linear->fault == StateFault::read_before_update ? state : after);
    state = after;
  }
  return out;
}

// All heads of one sequence; q [T, n_heads h] -> [T, n_heads w].
template <Algebra A>
Tensor<A> recalled(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& q,
                   int sequence) {
  const int tokens = a.rows(q);
  std::vector<std::vector<Tensor<A>>> states_of;
  for (int g = 0; g < s.n_kv_heads; ++g) states_of.push_back(states(a, s, p, sequence, tokens, g));
  std::vector<Tensor<A>> heads;
  for (int h = 0; h < s.n_heads; ++h) {
    const int g = s.head_sharing == HeadSharing::repeat ? h * s.n_kv_heads / s.n_heads : h % s.n_kv_heads;
    const Tensor<A> queries =
        over_lengths(a, *s.linear, a.take_cols(q, h * s.head_dim, s.head_dim), p.place(Site::queries));
    std::vector<Tensor<A>> rows;
    for (int t = 0; t < tokens; ++t)
      rows.push_back(a.matmul(a.take_rows(queries, t, 1), states_of[std::size_t(g)][std::size_t(t)]));
    heads.push_back(a.scale(a.concat_rows(rows), score_scale(s.scale, s.head_dim)));
  }
  return a.concat_cols(heads);
}

}  // namespace detail

// Linear attention of heads that are projected already.
//   formula: as the head of this file says, of each head of each sequence
//   shapes: q [B T, n_heads h] -> [B T, n_heads w]; in p: k [B T, n_kv_heads h], v [B T, n_kv_heads w], and
//     where the spec has them decay [B T, n_kv_heads] or [B T, n_kv_heads h], beta [B T, n_kv_heads], state
//     [B n_kv_heads h, w]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where p lacks one of these; shapes are not checked
//   source: arXiv 2412.06464
template <Algebra A>
Tensor<A> linear_attention(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& q,
                           int batch) {
  return a.component(Component::attention, "LinAttn", q, [&] {
    const int tokens = a.rows(q) / batch;
    std::vector<Tensor<A>> out;
    for (int b = 0; b < batch; ++b)
      out.push_back(detail::recalled(a, s, p, a.take_rows(q, b * tokens, tokens), b));
    return a.store(a.concat_rows(out), p.place(Site::recalled));
  });
}

// Whether a spec's question has a decay, a beta, a state (parameter_shapes.cpp).
bool has_decay(const BlockSpec& spec);
bool has_beta(const BlockSpec& spec);
bool has_state(const BlockSpec& spec);

template <>
struct PartOf<Part::linear_attention> {
  static constexpr TokenTensor beside_queries[] = {{"k", Width::key_heads},
                                                   {"v", Width::value_heads},
                                                   {"decay", Width::decays, Rows::tokens, has_decay},
                                                   {"beta", Width::key_value_heads, Rows::tokens, has_beta},
                                                   {"state", Width::one_value_head, Rows::states, has_state}};
  static constexpr PartRecord record{.recurs = true,
                                     .x = {"q", Width::query_heads},
                                     .y = {"y", Width::averaged_heads},
                                     .beside_x = beside_queries};
  static void add_parameters(ParameterShapes&, const auto&) {}
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& q, int batch,
                       Stream<A>*) {
    return linear_attention(a, spec.attention, p, q, batch);
  }
};

}  // namespace plumbline
