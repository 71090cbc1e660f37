// The heads of attention, from queries, keys and values that are projected already.
#pragma once

#include "plumbline/block/attention_spec.hpp"
#include "plumbline/block/position.hpp"

namespace plumbline {

namespace detail {

// What a head sees: which keys, where its query 0 stands, and what a mask adds to its scores.
template <class A>
struct Sight {
  Mask mask, with_padding;
  int first = 0;
  std::optional<Tensor<A>> added = {};
};

template <Algebra A>
Sight<A> sight(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Given& given, const HeadAt& at,
               bool own_keys) {
  const int first = first_position(s.mask, s.given, given, at, own_keys);
  const Mask mask = mask_of(s.mask, at.queries, at.keys, first);
  if (!s.given) return {mask, mask, first};
  const GivenSpec& g = *s.given;
  Sight<A> out{with_given(mask, g, given, at), with_given(mask, g, given, at, false), first};
  const bool adds = g.mask == GivenMask::additive && g.fault != GivenFault::mask_missing;
  if (adds || g.fault == GivenFault::mask_added)
    out.added = a.take_rows(ParameterView<A>{p.all, ""}.at("mask"), mask_row(g, at), at.queries);
  return out;
}

// Padded keys have score 0, and their values are 0.
template <Algebra A>
Tensor<A> with_padding_counted(A& a, const Sight<A>& sight, const Tensor<A>& scores) {
  const Tensor<A> seen = a.indicator(sight.mask);
  return a.mul(a.softmax_rows(a.mul(scores, seen), sight.with_padding), seen);
}

// Softmax over the keys that the mask lets through, or one of the ways in which that goes wrong.
template <Algebra A>
Tensor<A> probabilities(A& a, const AttentionSpec& s, int head, const ParameterView<A>& p,
                        const Sight<A>& sight, const Tensor<A>& scores) {
  const int queries = a.rows(scores), keys = a.cols(scores);
  const Mask &mask = sight.mask, all = Mask::everything(queries, keys);
  if (s.given && s.given->fault == GivenFault::padding_counted) return with_padding_counted(a, sight, scores);
  const auto softmax = [&](const Tensor<A>& x, Mask seen) {
    if (!s.sink.present) return a.softmax_rows(x, seen);
    seen.sink = true;
    const Tensor<A> beside = with_sink(a, s.sink, head, score_scale(s.scale, s.head_dim), p, x);
    return a.take_cols(a.softmax_rows(beside, seen), 0, keys);
  };
  if (s.softmax == SoftmaxMode::queries)
    return a.mul(a.transpose(a.softmax_rows(a.transpose(scores), Mask::everything(keys, queries))),
                 a.indicator(mask));
  if (s.softmax == SoftmaxMode::unnormalised) return a.mul(a.exp(scores), a.indicator(mask));
  if (s.softcap.after_mask) {  // masked scores become -cap where they should be -infinity
    const Tensor<A> hidden = a.scale(a.add_scalar(a.indicator(mask), {-1}), {*s.softcap.cap});
    return softmax(a.add(a.mul(scores, a.indicator(mask)), hidden), all);
  }
  switch (s.mask.mode) {
    case MaskMode::exact: break;
    case MaskMode::after_softmax: return a.mul(softmax(scores, all), a.indicator(mask));
    case MaskMode::zero_score: return softmax(a.mul(scores, a.indicator(mask)), all);
    case MaskMode::finite:
      return softmax(a.add(scores, a.scale(a.add_scalar(a.indicator(mask), {-1}), {1e4})), all);
  }
  return softmax(scores, mask);
}

// What a head weighs its values by, from the products of queries and keys [Tq,Tk].
template <Algebra A>
Tensor<A> weights_of(A& a, const AttentionSpec& s, int head, const ParameterView<A>& p, const Sight<A>& sight,
                     const std::optional<Tensor<A>>& bias, const Tensor<A>& products) {
  const GivenFault fault = s.given ? s.given->fault : GivenFault::none;
  const bool too_early = fault == GivenFault::mask_before_scale;
  const Tensor<A> scaled =
      a.scale(too_early ? a.add(products, *sight.added) : products, score_scale(s.scale, s.head_dim));
  Tensor<A> scores = a.store(scaled, p.place(Site::scores));
  if (s.backward == AttentionBackward::scale_skipped) scores = with_derivative_of(a, scores, products);
  const bool early = fault == GivenFault::mask_before_softcap;
  if (early) scores = a.add(scores, *sight.added);
  Tensor<A> capped = plumbline::softcap(a, s.softcap, p, scores);
  if (s.backward == AttentionBackward::softcap_skipped) capped = with_derivative_of(a, capped, scores);
  if (bias) capped = a.store(a.add(capped, *bias), p.place(Site::biased_scores));
  if (sight.added && !early && !too_early)
    capped = a.store(a.add(capped, *sight.added), p.place(Site::masked_scores));
  const Tensor<A> weights =
      a.store(probabilities(a, s, head, p, sight, capped), p.place(Site::probabilities));
  if (s.backward == AttentionBackward::softmax_elementwise)
    return with_derivative_of(a, weights, a.mul(a.detach(weights), capped));
  return weights;
}

// q [Tq,h], k [Tk,h], v [Tk,w] -> [Tq,w].
template <Algebra A>
Tensor<A> one_head(A& a, const AttentionSpec& s, const PositionSpec& position, int head,
                   const ParameterView<A>& p, const Sight<A>& sight, const Tensor<A>& q, const Tensor<A>& k,
                   const Tensor<A>& v) {
  const auto bias =
      position_bias(a, position, head, s.n_heads, p, a.rows(q), a.rows(k), sight.first, !is_causal(s.mask));
  const Tensor<A> queries = a.store(q, p.place(Site::queries)), keys = a.store(k, p.place(Site::keys));
  const Tensor<A> products = a.store(a.matmul_by_transpose(queries, keys), p.place(Site::products));
  const Tensor<A> weights = weights_of(a, s, head, p, sight, bias, products);
  return a.store(a.matmul(weights, a.store(v, p.place(Site::values))), p.place(Site::heads));
}

// What the heads are made of, as a spec has it.
struct AttentionParts {
  const AttentionSpec& attention;
  const AttentionNorms& norms;
  const PositionSpec& position;
};

// What the rotary embedding makes of queries or keys [T,n], where there is one.
template <Algebra A>
Tensor<A> turned(A& a, const AttentionParts& spec, const ParameterView<A>& attn, const Tensor<A>& x,
                 bool of_keys) {
  if (!spec.position.rope) return x;
  const Place place = attn.place(of_keys ? Site::rotated_keys : Site::rotated_queries);
  Rotation r = rotation(*spec.position.rope, spec.attention.head_dim, of_keys);
  const auto& given = spec.attention.given;
  if (given && given->fault != GivenFault::past_not_counted) r.first_position += given->past;
  const Tensor<A> y = a.store(a.rotate(x, r), place);
  return spec.attention.backward == AttentionBackward::rope_skipped ? with_derivative_of(a, y, x) : y;
}

// All heads of q or k, each [T,h]: norm and rotary embedding in the order that the norm asks for.
template <Algebra A>
std::vector<Tensor<A>> positioned_heads(A& a, const AttentionParts& spec, const NormSlot& slot,
                                        const ParameterView<A>& attn, Tensor<A> x, int heads, bool of_keys) {
  const int h = spec.attention.head_dim;
  const ParameterView<A> p = attn.under(of_keys ? "norm_k" : "norm_q");
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::before_rope)
    x = norm(a, slot, p, x);
  std::vector<Tensor<A>> out;
  for (int i = 0; i < heads; ++i) {
    Tensor<A> y = a.take_cols(x, i * h, h);
    const bool per_head = slot && slot->width == NormWidth::head_dim;
    if (per_head && slot->position == QkPosition::before_rope) y = norm(a, slot, p, y);
    y = turned(a, spec, attn, y, of_keys);
    if (per_head && slot->position == QkPosition::after_rope) y = norm(a, slot, p, y);
    out.push_back(y);
  }
  if (slot && slot->width == NormWidth::full_heads && slot->position == QkPosition::after_rope) {
    const Tensor<A> y = norm(a, slot, p, a.concat_cols(out));
    for (int i = 0; i < heads; ++i) out[i] = a.take_cols(y, i * h, h);
  }
  return out;
}

// All heads of v, normed.
template <Algebra A>
Tensor<A> normed_values(A& a, const AttentionParts& spec, const ParameterView<A>& p, const Tensor<A>& v) {
  const NormSlot& slot = spec.norms.v;
  if (!slot || slot->width == NormWidth::full_heads) return norm(a, slot, p.under("norm_v"), v);
  const int h = spec.attention.head_dim;
  std::vector<Tensor<A>> heads;
  for (int i = 0; i < spec.attention.n_kv_heads; ++i)
    heads.push_back(norm(a, slot, p.under("norm_v"), a.take_cols(v, i * h, h)));
  return a.concat_cols(heads);
}

// All heads of q or k, each [T,h], as scores read them.
template <Algebra A>
std::vector<Tensor<A>> heads_of(A& a, const AttentionParts& spec, const ParameterView<A>& p,
                                const Tensor<A>& x, bool of_keys) {
  const AttentionSpec& s = spec.attention;
  if (!s.latent)
    return positioned_heads(a, spec, of_keys ? spec.norms.k : spec.norms.q, p, x,
                            of_keys ? s.n_kv_heads : s.n_heads, of_keys);
  return latent_heads(a, *s.latent, s.n_heads, s.head_dim, x, of_keys,
                      [&](const Tensor<A>& y) { return turned(a, spec, p, y, of_keys); });
}

// What a sequence has for all of its heads.
struct Sequence {
  const Given& given;
  int number;
  bool own_keys;  // keys are inputs beside the queries
};

// Keys or values of one head with those of the cache before them.
template <Algebra A>
Tensor<A> with_past(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Sequence& of,
                    const char* name, int head, const Tensor<A>& x) {
  if (!s.given || s.given->past == 0 || of.own_keys) return x;
  const int past = s.given->past;
  const Tensor<A> rows = a.take_rows(ParameterView<A>{p.all, ""}.at(name), of.number * past, past);
  return a.concat_rows({a.take_cols(rows, head * a.cols(x), a.cols(x)), x});
}

// All heads of one sequence, before o_proj.
//   shapes: q [T, n_heads h], k [T, n_kv_heads h], v [T, n_kv_heads w], all projected -> [T, n_heads w]; of
//     latent vectors, k as latent.hpp has it
template <Algebra A>
Tensor<A> heads_of_sequence(A& a, const AttentionParts& spec, const ParameterView<A>& p, const Sequence& of,
                            const Tensor<A>& projected_q, const Tensor<A>& projected_k,
                            const Tensor<A>& projected_v) {
  const AttentionSpec& s = spec.attention;
  const auto q = heads_of(a, spec, p, projected_q, false);
  auto k = heads_of(a, spec, p, projected_k, true);
  for (int g = 0; g < int(k.size()); ++g) k[g] = with_past(a, s, p, of, "past_k", g, k[g]);
  const Tensor<A> v = normed_values(a, spec, p, projected_v);
  const int width = value_dim(s), queries = a.rows(projected_q), keys = a.rows(k.front());
  std::vector<Tensor<A>> out;
  for (int h = 0; h < s.n_heads; ++h) {
    const int g = s.head_sharing == HeadSharing::repeat ? h * s.n_kv_heads / s.n_heads : h % s.n_kv_heads;
    Tensor<A> value = a.take_cols(v, g * width, width);
    if (spec.position.rope && spec.position.rope->rotates_values && spec.position.rope->rotary_dim <= width)
      value = a.rotate(value, rotation(*spec.position.rope, s.head_dim, true));
    value = with_past(a, s, p, of, "past_v", g, value);
    const bool first = s.backward != AttentionBackward::first_head || h * s.n_kv_heads % s.n_heads == 0;
    const auto seen = sight(a, s, p, of.given, {of.number, h, s.n_heads, queries, keys}, of.own_keys);
    out.push_back(one_head(a, s, spec.position, h, p, seen, q[h], first ? k[g] : a.detach(k[g]),
                           first ? value : a.detach(value)));
  }
  return a.concat_cols(out);
}

// The same for each of the sequences that are folded into the rows; there may be more keys than queries.
template <Algebra A>
Tensor<A> heads_of_batch(A& a, const AttentionParts& spec, const ParameterView<A>& p, const Tensor<A>& q,
                         const Tensor<A>& k, const Tensor<A>& v, int batch, bool own_keys = false) {
  const auto of_sequence = [&](const Tensor<A>& u, int b) {
    const int tokens = a.rows(u) / batch;
    return a.take_rows(u, b * tokens, tokens);
  };
  const auto& g = spec.attention.given;
  const Given given = g ? read_given(a, *g, p.all, own_keys) : Given{};
  std::vector<Tensor<A>> sequences;
  for (int b = 0; b < batch; ++b) {
    const Tensor<A> queries = of_sequence(q, b), keys = of_sequence(k, b), values = of_sequence(v, b);
    sequences.push_back(heads_of_sequence(a, spec, p, {given, b, own_keys}, queries, keys, values));
  }
  return batch == 1 ? sequences.front() : a.concat_rows(sequences);
}

}  // namespace detail

}  // namespace plumbline
