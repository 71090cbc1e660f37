// Attention: for each head, P = softmax(softcap(scale q k^T) + position bias, mask), o = P v; then o_proj of
// all heads. Query head h reads key-value head floor(h n_kv_heads / n_heads). Norms on q and k stand before
// or after the rotary embedding, that on v before it is read; a gate multiplies all heads by f(gate_proj x);
// the norm in slot mid stands before o_proj. Queries, keys and values may come from latent vectors.
//
// Sources: arXiv 1706.03762 (attention), 2305.13245 (grouped heads), 2104.09864 (rotary embedding),
// 2505.06708 (gate), 2503.04598 (norm on v); of latent vectors, latent.hpp.
#pragma once

#include "plumbline/block/attention_heads.hpp"
#include "plumbline/block/linear.hpp"

namespace plumbline {

namespace detail {

// heads * f(gate_proj x), where there is a gate.
template <Algebra A>
Tensor<A> gated_heads(A& a, const AttentionSpec& s, const ParameterView<A>& p, const Tensor<A>& x,
                      const Tensor<A>& heads) {
  if (!s.gate) return heads;
  const Tensor<A> gate = linear(a, p.under("gate_proj"), false, x);
  const Tensor<A> open = a.store(a.activation(*s.gate, 0, gate), p.place(Site::activation));
  return a.store(a.mul(open, heads), p.place(Site::gated));
}

}  // namespace detail

// What fused kernels compute: all heads of q, k and v that are projected already.
//   formula: o = softmax(softcap(scale q k^T) + position bias, mask) v for each head; its sink, where it has
//     one, stands beside its scores; what a question says of its keys (given_mask.hpp) stands in p
//   shapes: q [B Tq, n_heads h], k [B Tk, n_kv_heads h], v [B Tk, n_kv_heads w] -> [B Tq, n_heads w]; B =
//     `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where p lacks "k", "v" or a sink, or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2205.14135
template <Algebra A>
Tensor<A> sdpa(A& a, const AttentionSpec& spec, const PositionSpec& position, const ParameterView<A>& p,
               const Tensor<A>& q, int batch) {
  const AttentionNorms norms;
  return a.component(Component::attention, "Attn", q, [&] {
    return detail::heads_of_batch(a, {spec, norms, position}, p, q, p.at("k"), p.at("v"), batch, true);
  });
}

// The attention branch, with its projections.
//   formula: o_proj(N_mid(f(gate_proj x) sdpa(q_proj x, k_proj x, N_v(v_proj x)))); without a gate f is 1;
//     what latent vectors make of x stands in latent.hpp
//   shapes: x [B T, d] -> [B T, d]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
//   source: arXiv 1706.03762, 2305.13245, 2505.06708
template <Algebra A>
Tensor<A> attention(A& a, const AttentionSpec& spec, const AttentionNorms& norms,
                    const PositionSpec& position, const ParameterView<A>& p, const Tensor<A>& x, int batch) {
  return a.component(Component::attention, "Attn", x, [&] {
    const detail::AttentionParts parts{spec, norms, position};
    const auto heads_from = [&] {
      if (!spec.latent) {
        const Tensor<A> q = linear(a, p.under("q_proj"), spec.bias.q, x);
        const Tensor<A> k = linear(a, p.under("k_proj"), spec.bias.k, x);
        const Tensor<A> v = linear(a, p.under("v_proj"), spec.bias.v, x);
        return detail::heads_of_batch(a, parts, p, q, k, v, batch);
      }
      const Tensor<A> q = latent_queries(a, *spec.latent, p, x);
      const auto [k, v] = latent_keys_and_values(a, *spec.latent, spec.n_heads, spec.head_dim, p, x);
      return detail::heads_of_batch(a, parts, p, q, k, v, batch);
    };
    const Tensor<A> heads = heads_from();
    const Tensor<A> gated = detail::gated_heads(a, spec, p, x, heads);
    return linear(a, p.under("o_proj"), spec.bias.o, norm(a, norms.mid, p.under("norm_mid"), gated));
  });
}

// Its parameters.
inline void add_attention_shapes(ParameterShapes& out, const std::string& prefix, const AttentionSpec& a,
                                 const AttentionNorms& norms, const PositionSpec& position, int d) {
  const int q_width = a.n_heads * a.head_dim, kv_width = a.n_kv_heads * a.head_dim, width = value_width(a);
  const auto norm = [&](const char* name, const NormSlot& slot, int heads, Module module) {
    if (slot) add_norm_shapes(out, prefix + name, slot, norm_width(*slot, d, heads, a.head_dim), module);
  };
  if (a.latent) {
    add_latent_shapes(out, prefix, *a.latent, a.n_heads, a.head_dim, d);
  } else {
    add_linear_shapes(out, prefix + "q_proj", Module::q_proj, q_width, d, a.bias.q);
    add_linear_shapes(out, prefix + "k_proj", Module::k_proj, kv_width, d, a.bias.k);
    add_linear_shapes(out, prefix + "v_proj", Module::v_proj, kv_width, d, a.bias.v);
  }
  norm("norm_q", norms.q, a.n_heads, Module::norm_q);
  norm("norm_k", norms.k, a.n_kv_heads, Module::norm_k);
  norm("norm_v", norms.v, a.n_kv_heads, Module::norm_v);
  if (position.buckets) add_bucket_shapes(out, prefix, *position.buckets, a.n_heads);
  add_sink_shapes(out, prefix, a.sink, a.n_heads);
  if (a.gate) add_linear_shapes(out, prefix + "gate_proj", Module::attention_gate, width, d, false);
  add_norm_shapes(out, prefix + "norm_mid", norms.mid, width, Module::norm_mid);
  add_linear_shapes(out, prefix + "o_proj", Module::o_proj, d, width, a.bias.o);
}

template <>
struct PartOf<Part::attention> {
  static constexpr PartRecord record{.attends = true, .projects = true, .prefix = "layers.0.attn."};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    add_attention_shapes(out, std::string(record.prefix), spec.attention, spec.norm_slots.attn, spec.position,
                         spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>*) {
    return attention(a, spec.attention, spec.norm_slots.attn, spec.position,
                     ParameterView<A>{p.all, std::string(record.prefix)}, x, batch);
  }
};

template <>
struct PartOf<Part::sdpa> {
  static constexpr TokenTensor keys_and_values[] = {{"k", Width::key_heads, Rows::keys},
                                                    {"v", Width::value_heads, Rows::keys}};
  static constexpr PartRecord record{.attends = true,
                                     .x = {"q", Width::query_heads},
                                     .y = {"y", Width::averaged_heads},
                                     .beside_x = keys_and_values};
  static void add_parameters(ParameterShapes& out, const auto& spec) {
    if (spec.position.buckets) add_bucket_shapes(out, "", *spec.position.buckets, spec.attention.n_heads);
    add_sink_shapes(out, "", spec.attention.sink, spec.attention.n_heads);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& q, int batch,
                       Stream<A>*) {
    return sdpa(a, spec.attention, spec.position, p, q, batch);
  }
};

}  // namespace plumbline
