#include "plumbline/identify/knobs.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

constexpr char of_shapes[] = "names and shapes say it", of_backward[] = "the backward pass alone shows it",
               in_mask[] = "attention.mask says it", in_scale[] = "attention.scale says it",
               of_experts[] = "ffn.moe says it", of_scaling[] = "position.rope.scaling says it",
               of_streams[] = "blocks of several streams are not identified",
               not_looked_for[] = "boxes that have it are found to be unlike every candidate";

constexpr Unvaried table_of_unvaried[] = {
    {"part", of_shapes},
    {"d", of_shapes},
    {"n_layers", of_shapes},
    {"streams", of_streams},
    {"parallel_shared_norm", "norm_slots says it"},
    {"scales_swapped", "residual_scale and branch_scale say it"},
    {"final_norm_times", "final_norm says it"},
    {"norms.gain_offset", "norms.gain says it"},
    {"norms.width", of_shapes},
    {"norms.position", "norm_slots.attn.q and k.position says it"},
    {"norms.centring", "norms.kind says it"},
    {"norms.detached", of_backward},
    {"norms.gain_gradient", of_backward},
    {"attention.n_heads", "attention.head_dim says it"},
    {"attention.n_kv_heads", "attention.head_dim says it"},
    {"attention.scale.rule", in_scale},
    {"attention.scale.value", in_scale},
    {"attention.scale.mult", in_scale},
    {"attention.window", in_mask},
    {"attention.causal_alignment", "of sdpa, which is not asked"},
    {"attention.mask_offset", in_mask},
    {"attention.mask_mode", in_mask},
    {"attention.backward", of_backward},
    {"ffn.kind", of_shapes},
    {"ffn.d_ff", of_shapes},
    {"ffn.derivative_of", of_backward},
    {"ffn.gate_detached", of_backward},
    {"norms.eps_use", not_looked_for},
    {"norms.shift_place", not_looked_for},
    {"residual_rule", not_looked_for},
    {"lerp_scale", not_looked_for},
    {"lerp_fault", not_looked_for},
    {"residual_gain", not_looked_for},
    {"branch_gain", not_looked_for},
    {"gains_swapped", not_looked_for},
    {"gpas", not_looked_for},
    {"gpas_flows", of_backward},
    {"layer_scalar", not_looked_for},
    {"norm_depth_scale", not_looked_for},
    {"depth_not_rooted", not_looked_for},
    {"attention.sink", not_looked_for},
    {"attention.sink_fault", not_looked_for},
    {"attention.latent", not_looked_for},
    {"attention.given", not_looked_for},
    {"attention.linear", "of linear_attention, which is not asked"},
    {"attention.v_head_dim", "of sdpa and linear_attention, which are not asked"},
    {"ffn.limit", not_looked_for},
    {"ffn.up_offset", not_looked_for},
    {"position.rope.tables", "of rope, which is not asked"},
    {"position.rope.table_fault", "of rope, which is not asked"},
    {"ffn.moe.experts", of_shapes},
    {"ffn.moe.top_k", of_experts},
    {"ffn.moe.groups", of_experts},
    {"ffn.moe.chosen_groups", of_experts},
    {"position.rope.scaling.kind", of_scaling},
    {"position.rope.scaling.original_max_position", of_scaling},
    {"position.rope.scaling.low_freq_factor", not_looked_for},
    {"position.rope.scaling.high_freq_factor", not_looked_for},
    {"position.rope.scaling.beta_fast", not_looked_for},
    {"position.rope.scaling.beta_slow", not_looked_for},
    {"position.rope.scaling.truncate", of_scaling},
    {"position.rope.scaling.attention_factor", of_scaling},
    {"position.rope.scaling.short_factor", not_looked_for},
    {"position.rope.scaling.long_factor", not_looked_for},
    {"position.rope.scaling.length", not_looked_for},
    {"position.buckets.count", of_shapes},
    {"ffn.packing", "of gated_activation, which is not asked"},
    {"linear", "of part linear, which is not asked"},
};

// The filled slots whose norms have an eps.
std::vector<NamedSlot> slots_with_eps(BlockSpec& s) {
  std::vector<NamedSlot> out = filled_slots(s);
  std::erase_if(out, [](const NamedSlot& n) { return !has_statistics(**n.slot); });
  return out;
}

Number eps_of_all(const Space&) {
  return {"norms.eps",
          norms,
          [](const Candidate& c) -> std::optional<double> {
            Candidate copy = c;
            const auto filled = slots_with_eps(copy.spec);
            if (filled.empty()) return std::nullopt;
            return (*filled.front().slot)->eps;
          },
          [](Candidate& c, double x) {
            for (const NamedSlot& s : slots_with_eps(c.spec)) (*s.slot)->eps = x;
          },
          1e-14,
          1,
          std::vector<double>(std::begin(usual_eps), std::end(usual_eps))};
}

Variation usual_values(const Number& n) {
  return {n.id, n.group,
          [n](const Candidate& c) {
            const auto value = n.get(c);
            return value ? number_text(*value) : std::string();
          },
          [n](const Candidate& c) {
            std::vector<Candidate> out;
            const auto value = n.get(c);
            if (value)
              for (double x : n.usual)
                if (x != *value) {
                  out.push_back(c);
                  n.set(out.back(), x);
                }
            return out;
          }};
}

// How many different values there are, and whether one of them is not the right one.
template <class Get, class T>
int unlike(const std::vector<NamedSlot>& filled, Get get, T right) {
  std::set<T> values;
  for (const NamedSlot& s : filled) values.insert(get(**s.slot));
  const bool wrong = std::any_of(values.begin(), values.end(), [&](T v) { return v != right; });
  return std::max(int(values.size()) - 1, 0) + wrong;
}
template <class Get>
int unlike_each_other(const std::vector<NamedSlot>& filled, Get get) {
  std::set<std::invoke_result_t<Get, const NormSpec&>> values;
  for (const NamedSlot& s : filled) values.insert(get(**s.slot));
  return std::max(int(values.size()) - 1, 0);
}

bool is_usual_eps(double x) {
  return std::find(std::begin(usual_eps), std::end(usual_eps), x) != std::end(usual_eps);
}

int oddity_of_norms(const Candidate& c, const Space& space) {
  BlockSpec s = c.spec;
  const std::vector<NamedSlot> filled = filled_slots(s);
  if (filled.empty()) return 0;
  int odd = unlike_each_other(filled, [](const NormSpec& n) { return n.kind; }) +
            unlike_each_other(slots_with_eps(s), [](const NormSpec& n) { return n.eps; }) +
            unlike_each_other(filled, [](const NormSpec& n) { return n.gain_offset; });
  for_each_knob<NormSpec>([&](const auto& k) {
    if (!k.wrong) return;
    odd += unlike(
        filled, [&](const NormSpec& n) { return n.*(k.member); }, NormSpec().*(k.member));
  });
  int unused_gains = 0, unused_biases = 0;
  bool unusual = false;
  for (const NamedSlot& n : filled) {
    const NormParameters has = declared_parameters(c, space, n.id);
    unused_gains += has.gain && !(*n.slot)->gain;
    unused_biases += has.bias && !(*n.slot)->bias;
    unusual = unusual || !is_usual_eps((*n.slot)->eps);
  }
  const int count = int(filled.size());
  const auto of_some = [count](int unused) { return std::min(unused, 1 + count - unused); };
  return odd + unusual + of_some(unused_gains) + of_some(unused_biases);
}

// Of the block itself, not of its features.
int wrong_knobs_of_block(const BlockSpec& s) {
  int n = 0;
  const BlockSpec right;
  for_each_knob<BlockSpec>([&](const auto& k) {
    if constexpr (!Feature<without_optional<typename std::remove_cvref_t<decltype(k)>::Value>>)
      n += k.wrong && s.*(k.member) != right.*(k.member);
  });
  return n;
}

int oddity_of_wiring(const Candidate& c, const Space& space) {
  const BlockSpec& s = c.spec;
  const Anatomy& a = space.anatomy;
  int odd = wrong_knobs_of_block(s) + (s.residual_source != ResidualSource::stream) +
            (s.residual_scale != 1) + (s.branch_scale != 1) + (a.spec.final_norm && !s.final_norm);
  bool elsewhere = false;
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    odd += c.places[k] == NormPlace::nowhere;
    elsewhere = elsewhere || (a.norms[k].hint && *a.norms[k].hint != c.places[k]);
  }
  return odd + elsewhere;
}

// Biases that the box has parameters for, and does not use.
template <class Bias>
int unused(const Bias& used, const Bias& declared) {
  int n = 0;
  for_each_knob<Bias>([&](const auto& k) { n += used.*(k.member) != declared.*(k.member); });
  return n;
}

int oddity_of_branches(const Candidate& c, const Space& space) {
  const AttentionSpec &a = c.spec.attention, &declared = space.anatomy.spec.attention;
  const FeedForwardSpec &f = c.spec.ffn, &given = space.anatomy.spec.ffn;
  int odd = wrong_knobs(a) + wrong_knobs(f) + wrong_knobs(c.spec.position) + slides(a.mask) +
            (a.scale.rule != ScaleRule::inv_sqrt_head_dim) + a.softcap.cap.has_value() +
            unused(a.bias, declared.bias) + unused(f.bias, given.bias);
  const AttentionNorms& n = space.anatomy.spec.norm_slots.attn;
  odd += (n.q && !c.spec.norm_slots.attn.q) || (n.k && !c.spec.norm_slots.attn.k);
  odd += n.v && !c.spec.norm_slots.attn.v;
  if (const auto& r = c.spec.position.rope)
    odd += (r->rotary_dim != a.head_dim) + (r->base != 10000) + (r->sign != 1) + r->scaling.has_value();
  if (f.moe) odd += oddity_of_experts(*f.moe, *given.moe);
  odd += a.gate.has_value() != declared.gate.has_value();
  odd += c.spec.position.buckets.has_value() != space.anatomy.spec.position.buckets.has_value();
  if (const auto& b = c.spec.position.bias) odd += b->max_bias != AlibiSpec().max_bias;
  return odd;
}

}  // namespace

std::string number_text(double x) {
  char shortest[32];
  const auto end = std::to_chars(shortest, shortest + sizeof shortest, x).ptr;
  char rounded[32];
  std::snprintf(rounded, sizeof rounded, "%.12g", x);
  return std::string(rounded).size() < std::size_t(end - shortest) ? rounded : std::string(shortest, end);
}

std::string dotted(const std::string& path, std::string_view key) {
  return path + (path.empty() || key.empty() ? "" : ".") + std::string(key);
}

std::span<const Unvaried> unvaried() { return table_of_unvaried; }

const Unvaried* why_unvaried(std::string_view path) {
  const auto it =
      std::find_if(std::begin(table_of_unvaried), std::end(table_of_unvaried), [&](const Unvaried& u) {
        const bool begins = path.starts_with(u.path);
        return begins && (path.size() == u.path.size() || path[u.path.size()] == '.');
      });
  return it == std::end(table_of_unvaried) ? nullptr : it;
}

std::vector<Variation> variations_of(const Space& space) {
  std::vector<Variation> out = wiring_knobs(space);
  for (Number& n : wiring_numbers(space)) out.push_back(usual_values(n));
  for (auto make : {norm_knobs, feed_forward_knobs, attention_knobs})
    for (Variation& k : make(space)) out.push_back(std::move(k));
  if (attends(space.anatomy.spec)) out.push_back(usual_values(position_numbers().front()));
  return out;
}

std::vector<Number> numbers_of(const Space& space) {
  std::vector<Number> out = wiring_numbers(space);
  out.push_back(eps_of_all(space));
  for (auto make : {expert_numbers, attention_numbers})
    for (Number& n : make(space)) out.push_back(std::move(n));
  if (attends(space.anatomy.spec))
    for (Number& n : position_numbers()) out.push_back(std::move(n));
  return out;
}

int oddity(const Candidate& c, const Space& space) {
  return oddity_of_norms(c, space) + oddity_of_wiring(c, space) + oddity_of_branches(c, space);
}

}  // namespace plumbline::identify
