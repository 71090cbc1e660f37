// Scores of attention before the softmax: scale q k^T, and the soft cap s -> cap tanh(s / cap).
// Sources: arXiv 1706.03762, 2408.00118.
#pragma once

#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/knob.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// What q k is divided by: sqrt(head_dim), sqrt(value), or 1.
enum class ScaleRule { inv_sqrt_head_dim, inv_sqrt_scalar, one };
PLUMBLINE_NAMES(ScaleRule, {inv_sqrt_head_dim, "inv_sqrt_head_dim"}, {inv_sqrt_scalar, "inv_sqrt_scalar"},
                {one, "one"})

// The scale of scores as data.
struct ScaleSpec {
  ScaleRule rule = ScaleRule::inv_sqrt_head_dim;
  std::optional<double> value;
  double mult = 1;
  bool operator==(const ScaleSpec&) const = default;
};

template <>
inline constexpr auto knobs<ScaleSpec> =
    std::tuple{knob("rule", &ScaleSpec::rule, "mult/sqrt(head_dim), mult/sqrt(value), or mult"),
               knob("value", &ScaleSpec::value, "of rule inv_sqrt_scalar").within(positive),
               knob("mult", &ScaleSpec::mult, "what scores are multiplied by besides")};

template <>
inline constexpr WrongChoice<ScaleSpec> wrong_choices<ScaleSpec>[] = {
    {"scale/mult-missing", "scores without mult", "", [](ScaleSpec& s) { s.mult = 1; }},
};

// The soft cap as data; no cap leaves scores as they are.
struct SoftcapSpec {
  std::optional<double> cap;
  bool after_mask = false;
  bool operator==(const SoftcapSpec&) const = default;
};

template <>
inline constexpr auto knobs<SoftcapSpec> = std::tuple{
    knob("logit_softcap", &SoftcapSpec::cap, "scores are cap tanh(s / cap)").within(positive),
    knob("softcap_after_mask", &SoftcapSpec::after_mask, "caps the masked scores too, so they leak")
        .where_wrong()};

template <>
inline constexpr WrongChoice<SoftcapSpec> wrong_choices<SoftcapSpec>[] = {
    {"softcap/after-mask", "masked scores are -cap", "",
     [](SoftcapSpec& s) { s.after_mask = s.cap.has_value(); }},
    {"softcap/missing", "scores as they are", "sgl-project/sgl-kernel-xpu#491",
     [](SoftcapSpec& s) { s.cap.reset(); }},
};

// What q k is multiplied by.
//   formula: mult / sqrt(head_dim), mult / sqrt(value), or mult
//   domain: a value where the rule is inv_sqrt_scalar
inline Exact score_scale(const ScaleSpec& s, int head_dim) {
  switch (s.rule) {
    case ScaleRule::inv_sqrt_head_dim: return {s.mult, double(head_dim)};
    case ScaleRule::inv_sqrt_scalar: return {s.mult, *s.value};
    case ScaleRule::one: break;
  }
  return {s.mult};
}

// The soft cap, or x as it is where there is none.
//   formula: cap tanh(x / cap)
//   shapes: [n, m] -> [n, m]
//   error: that of the algebra
//   source: arXiv 2408.00118
template <Algebra A>
Tensor<A> softcap(A& a, const SoftcapSpec& s, const ParameterView<A>& p, const Tensor<A>& x) {
  if (!s.cap) return x;
  const Tensor<A> u = a.store(a.scale(x, {1, *s.cap * *s.cap}), p.place(Site::scores_over_cap));
  return a.store(a.scale(a.store(a.tanh(u), p.place(Site::tanh_scores)), {*s.cap}),
                 p.place(Site::capped_scores));
}

}  // namespace plumbline
