// Linear attention as data: its knobs, and what people get wrong with them; the formula stands
// in linear_attention.hpp.
#pragma once

#include "plumbline/block/knob.hpp"

namespace plumbline {

// What a token does to the state: it adds k v; the state decays before it; it corrects what the state holds
// for k; both.
enum class UpdateRule { linear, gated, delta, gated_delta };
PLUMBLINE_NAMES(UpdateRule, {linear, "linear"}, {gated, "gated"}, {delta, "delta"},
                {gated_delta, "gated_delta"})
// What has a decay of its own: each head, or each of its channels of keys.
enum class DecayOver { heads, channels };
PLUMBLINE_NAMES(DecayOver, {heads, "heads"}, {channels, "channels"})
// What goes wrong with the state.
enum class StateFault {
  none,
  beta_missing,
  beta_on_values_alone,
  decay_after_update,
  decay_as_given,
  decay_missing,
  delta_before_decay,
  delta_missing,
  read_before_update,
  state_missing,
  state_transposed
};
PLUMBLINE_NAMES(StateFault, {none, "none"}, {beta_missing, "beta_missing"},
                {beta_on_values_alone, "beta_on_values_alone"}, {decay_after_update, "decay_after_update"},
                {decay_as_given, "decay_as_given"}, {decay_missing, "decay_missing"},
                {delta_before_decay, "delta_before_decay"}, {delta_missing, "delta_missing"},
                {read_before_update, "read_before_update"}, {state_missing, "state_missing"},
                {state_transposed, "state_transposed"})

// Linear attention as data.
struct LinearAttentionSpec {
  UpdateRule rule = UpdateRule::gated_delta;
  DecayOver decay_over = DecayOver::heads;
  bool state = false;
  std::optional<double> qk_l2_eps = {};
  StateFault fault = StateFault::none;
  bool operator==(const LinearAttentionSpec&) const = default;
};

// Whether the state decays; whether a token corrects what it holds.
inline bool decays(const LinearAttentionSpec& s) {
  return s.rule == UpdateRule::gated || s.rule == UpdateRule::gated_delta;
}
inline bool corrects(const LinearAttentionSpec& s) {
  return s.rule == UpdateRule::delta || s.rule == UpdateRule::gated_delta;
}

template <>
inline constexpr auto knobs<LinearAttentionSpec> = std::tuple{
    knob("update_rule", &LinearAttentionSpec::rule,
         "S becomes S + k v, exp(g) S + k v, S + beta k (v - k S), or that of exp(g) S"),
    knob("decay_over", &LinearAttentionSpec::decay_over, "what has a g of its own").only_of(decays),
    knob("state", &LinearAttentionSpec::state, "the first token finds a state that is given, no zeros"),
    knob("qk_l2_eps", &LinearAttentionSpec::qk_l2_eps,
         "heads of q and k are divided by sqrt(sum of squares + this) first; null: they are read as they are")
        .within(positive),
    knob("state_fault", &LinearAttentionSpec::fault, "what goes wrong with the state").where_wrong()};

namespace detail {
// The choice of that fault where the condition holds.
template <bool (*applies)(const LinearAttentionSpec&), StateFault fault>
constexpr void spoil(LinearAttentionSpec& s) {
  if (applies(s)) s.fault = fault;
}
inline bool decays_and_corrects(const LinearAttentionSpec& s) { return decays(s) && corrects(s); }
inline bool has_a_state(const LinearAttentionSpec& s) { return s.state; }
}  // namespace detail

template <>
inline constexpr WrongChoice<LinearAttentionSpec> wrong_choices<LinearAttentionSpec>[] = {
    {"linear-attention/beta-missing", "S + k (v - k S)", "",
     detail::spoil<corrects, StateFault::beta_missing>},
    {"linear-attention/beta-on-values-alone", "S + k (beta v - k S)", "",
     detail::spoil<corrects, StateFault::beta_on_values_alone>},
    {"linear-attention/decay-after-update", "exp(g) (S + k v)", "",
     detail::spoil<decays, StateFault::decay_after_update>},
    {"linear-attention/decay-as-given", "g S where exp(g) S is right", "",
     detail::spoil<decays, StateFault::decay_as_given>},
    {"linear-attention/decay-missing", "S + k v", "", detail::spoil<decays, StateFault::decay_missing>},
    {"linear-attention/delta-before-decay", "exp(g) S + beta k (v - k S)", "",
     detail::spoil<detail::decays_and_corrects, StateFault::delta_before_decay>},
    {"linear-attention/delta-missing", "S + beta k v", "",
     detail::spoil<corrects, StateFault::delta_missing>},
    {"linear-attention/l2-missing", "q and k as they are", "",
     [](LinearAttentionSpec& s) { s.qk_l2_eps.reset(); }},
    {"linear-attention/read-before-update", "queries read the state that their own token found", "",
     [](LinearAttentionSpec& s) { s.fault = StateFault::read_before_update; }},
    {"linear-attention/state-missing", "the first token finds zeros where a state is given", "",
     detail::spoil<detail::has_a_state, StateFault::state_missing>},
};

}  // namespace plumbline
