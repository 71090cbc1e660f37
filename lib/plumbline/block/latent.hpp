// Multi-head latent attention: keys and values of all heads are made of one short vector c, and queries may
// be; positions turn the last rope_dim channels of a head alone, which all heads of keys share.
//   q = q_b_proj N(q_a_proj x), or q_proj x;  [c | k_rope] = kv_a_proj x;  [k | v] of each head = kv_b_proj
//   N(c);  a head of keys is [k | k_rope]
// Source: arXiv 2405.04434 (DeepSeek-V2); transformers, modeling_deepseek_v3.py.
#pragma once

#include <vector>

#include "plumbline/block/linear.hpp"
#include "plumbline/block/norm.hpp"

namespace plumbline {

// What goes wrong: latent vectors as projected; the first channels of a head turn, not the last.
enum class LatentFault { none, norm_missing, rope_on_nope };
PLUMBLINE_NAMES(LatentFault, {none, "none"}, {norm_missing, "norm_missing"}, {rope_on_nope, "rope_on_nope"})

// Latent vectors as data.
struct LatentSpec {
  int q_rank = 0, kv_rank = 512;
  int rope_dim = 64;
  std::optional<int> v_head_dim = {};
  double eps = 1e-6;
  LatentFault fault = LatentFault::none;
  bool operator==(const LatentSpec&) const = default;
};

template <>
inline constexpr auto knobs<LatentSpec> = std::tuple{
    knob("q_rank", &LatentSpec::q_rank, "how long that of queries is; 0: q_proj x").within({0, largest_size}),
    knob("kv_rank", &LatentSpec::kv_rank, "how long that of keys and values is").within(size_range),
    knob("rope_dim", &LatentSpec::rope_dim, "how many channels of a head positions turn, the last ones")
        .within({2, largest_size}),
    knob("v_head_dim", &LatentSpec::v_head_dim, "channels of a head of values; null: head_dim")
        .within(size_range),
    knob("eps", &LatentSpec::eps, "of their norms").within(not_negative),
    knob("latent_fault", &LatentSpec::fault, "what goes wrong with them").where_wrong()};

template <>
inline constexpr WrongChoice<LatentSpec> wrong_choices<LatentSpec>[] = {
    {"latent/norm-missing", "latent vectors as projected", "",
     [](LatentSpec& s) { s.fault = LatentFault::norm_missing; }},
};

namespace detail {

template <Algebra A>
Tensor<A> latent_norm(A& a, const LatentSpec& s, const ParameterView<A>& p, const Tensor<A>& x) {
  if (s.fault == LatentFault::norm_missing) return x;
  return norm(a, NormSpec{.kind = NormKind::rms_norm, .eps = s.eps, .bias = false}, p, x);
}

// The channels of a head that positions leave as they are.
inline int unturned(const LatentSpec& s, int head_dim) { return head_dim - s.rope_dim; }

}  // namespace detail

// The channels of a head of values.
inline int value_dim(const LatentSpec& s, int head_dim) { return s.v_head_dim.value_or(head_dim); }

// All heads of queries, before they turn.
//   shapes: x [n, d] -> [n, n_heads head_dim]
//   bad input: throws Error where p lacks a parameter
template <Algebra A>
Tensor<A> latent_queries(A& a, const LatentSpec& s, const ParameterView<A>& p, const Tensor<A>& x) {
  if (s.q_rank == 0) return linear(a, p.under("q_proj"), false, x);
  const Tensor<A> down = linear(a, p.under("q_a_proj"), false, x);
  return linear(a, p.under("q_b_proj"), false, detail::latent_norm(a, s, p.under("norm_q_a"), down));
}

// What the heads of keys have for themselves, all heads, and then what they share; and all heads of values.
template <class A>
struct LatentKeysAndValues {
  Tensor<A> k, v;
};

//   shapes: x [n, d] -> k [n, n_heads (head_dim - rope_dim) + rope_dim], v [n, n_heads v_head_dim]
//   bad input: throws Error where p lacks a parameter
template <Algebra A>
LatentKeysAndValues<A> latent_keys_and_values(A& a, const LatentSpec& s, int n_heads, int head_dim,
                                              const ParameterView<A>& p, const Tensor<A>& x) {
  const Tensor<A> down = linear(a, p.under("kv_a_proj"), false, x);
  const Tensor<A> c = a.take_cols(down, 0, s.kv_rank);
  const Tensor<A> up =
      linear(a, p.under("kv_b_proj"), false, detail::latent_norm(a, s, p.under("norm_kv_a"), c));
  const int of_key = detail::unturned(s, head_dim), of_value = value_dim(s, head_dim);
  std::vector<Tensor<A>> k, v;
  for (int h = 0; h < n_heads; ++h) {
    const int first = h * (of_key + of_value);
    k.push_back(a.take_cols(up, first, of_key));
    v.push_back(a.take_cols(up, first + of_key, of_value));
  }
  k.push_back(a.take_cols(down, s.kv_rank, s.rope_dim));
  return {a.concat_cols(k), a.concat_cols(v)};
}

// The heads of queries or of keys, each [T, head_dim]; turn(x) turns the first rope_dim channels of x.
template <Algebra A, class Turn>
std::vector<Tensor<A>> latent_heads(A& a, const LatentSpec& s, int n_heads, int head_dim, const Tensor<A>& x,
                                    bool of_keys, const Turn& turn) {
  const int n = detail::unturned(s, head_dim);
  const bool on_first = s.fault == LatentFault::rope_on_nope;
  std::vector<Tensor<A>> shared, out;
  if (of_keys) {
    const Tensor<A> last = a.take_cols(x, n_heads * n, s.rope_dim);
    shared.push_back(on_first ? last : turn(last));
  }
  for (int h = 0; h < n_heads; ++h) {
    const Tensor<A> own = of_keys ? a.take_cols(x, h * n, n) : a.take_cols(x, h * head_dim, n);
    const auto last = [&] { return a.take_cols(x, h * head_dim + n, s.rope_dim); };
    const Tensor<A> rest = of_keys ? shared.front() : on_first ? last() : turn(last());
    const Tensor<A> head = a.concat_cols({own, rest});
    out.push_back(on_first ? turn(head) : head);
  }
  return out;
}

// Their parameters, those of o_proj apart.
inline void add_latent_shapes(ParameterShapes& out, const std::string& prefix, const LatentSpec& s,
                              int n_heads, int head_dim, int d) {
  const NormSlot norm = NormSpec{.kind = NormKind::rms_norm, .bias = false};
  const std::string q = prefix + (s.q_rank > 0 ? "q_b_proj" : "q_proj");
  if (s.q_rank > 0) {
    add_linear_shapes(out, prefix + "q_a_proj", Module::latent_down, s.q_rank, d, false);
    add_norm_shapes(out, prefix + "norm_q_a", norm, s.q_rank, Module::norm_latent);
  }
  add_linear_shapes(out, q, Module::q_proj, n_heads * head_dim, s.q_rank > 0 ? s.q_rank : d, false);
  add_linear_shapes(out, prefix + "kv_a_proj", Module::latent_down, s.kv_rank + s.rope_dim, d, false);
  add_norm_shapes(out, prefix + "norm_kv_a", norm, s.kv_rank, Module::norm_latent);
  add_linear_shapes(out, prefix + "kv_b_proj", Module::kv_b_proj,
                    n_heads * (detail::unturned(s, head_dim) + value_dim(s, head_dim)), s.kv_rank, false);
}

}  // namespace plumbline
