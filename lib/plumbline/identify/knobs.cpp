#include "plumbline/identify/knobs.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

Number eps_of_all(const Space&) {
  return {"norms.eps",
          norms,
          [](const Candidate& c) -> std::optional<double> {
            Candidate copy = c;
            const auto filled = filled_slots(copy.spec);
            if (filled.empty()) return std::nullopt;
            return (*filled.front().slot)->eps;
          },
          [](Candidate& c, double x) {
            for (const NamedSlot& s : filled_slots(c.spec)) (*s.slot)->eps = x;
          },
          1e-14,
          1,
          std::vector<double>(std::begin(usual_eps), std::end(usual_eps))};
}

Knob usual_values(const Number& n) {
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
  std::set<decltype(get(**filled.front().slot))> values;
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
  int odd = unlike(
                filled, [](const NormSpec& n) { return n.eps_mode; }, EpsMode::inside_sqrt) +
            unlike(
                filled, [](const NormSpec& n) { return n.variance_divisor; }, VarianceDivisor::d) +
            unlike(
                filled, [](const NormSpec& n) { return n.scaling; }, NormScaling::rsqrt) +
            unlike(
                filled, [](const NormSpec& n) { return n.axis; }, NormAxis::channels) +
            unlike(
                filled, [](const NormSpec& n) { return n.gain_place; }, GainPlace::after) +
            unlike(
                filled, [](const NormSpec& n) { return n.centring; }, Centring::by_kind) +
            unlike_each_other(filled, [](const NormSpec& n) { return n.kind; }) +
            unlike_each_other(filled, [](const NormSpec& n) { return n.eps; }) +
            unlike_each_other(filled, [](const NormSpec& n) { return n.gain_offset; });
  int unused_gains = 0, unused_biases = 0;
  bool unusual = false;
  for (const NamedSlot& n : filled) {
    const Affine a = affine_of(c, space, n.id);
    unused_gains += a.gain && !(*n.slot)->gain;
    unused_biases += a.bias && !(*n.slot)->bias;
    unusual = unusual || !is_usual_eps((*n.slot)->eps);
  }
  const int count = int(filled.size());
  const auto of_some = [count](int unused) { return std::min(unused, 1 + count - unused); };
  return odd + unusual + of_some(unused_gains) + of_some(unused_biases);
}

int oddity_of_wiring(const Candidate& c, const Space& space) {
  const BlockSpec& s = c.spec;
  const Anatomy& a = space.anatomy;
  int odd = (s.residual_source != ResidualSource::stream) + (s.attn_residual != ResidualFault::none) +
            (s.ffn_residual != ResidualFault::none) + s.ffn_reads_block_input + s.ffn_norm_is_attn_norm +
            s.ffn_first + s.scales_swapped + (s.layer_parameters != LayerParameters::own) +
            (s.residual_scale != 1) + (s.branch_scale != 1);
  odd += a.spec.final_norm && (!s.final_norm || s.final_norm_times != 1);
  bool elsewhere = false;
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    odd += c.places[k] == Place::nowhere;
    elsewhere = elsewhere || (a.norms[k].hint && *a.norms[k].hint != c.places[k]);
  }
  return odd + elsewhere;
}

int oddity_of_branches(const Candidate& c, const Space& space) {
  const AttentionSpec &a = c.spec.attention, &declared = space.anatomy.spec.attention;
  const FeedForwardSpec &f = c.spec.ffn, &given = space.anatomy.spec.ffn;
  int odd = (a.mask_offset != 0) + (a.mask_mode != MaskMode::exact) + (a.mask == MaskKind::causal_sliding) +
            (a.softmax != SoftmaxMode::keys) + (a.head_sharing != HeadSharing::repeat) +
            a.softcap_after_mask + (a.scale_rule != ScaleRule::inv_sqrt_head_dim) +
            a.logit_softcap.has_value() + (a.bias.q != declared.bias.q) + (a.bias.k != declared.bias.k) +
            (a.bias.v != declared.bias.v) + (a.bias.o != declared.bias.o) + (f.bias_in != given.bias_in) +
            (f.bias_out != given.bias_out) + f.gate_and_up_swapped;
  const AttentionNorms& n = space.anatomy.spec.attn_norms;
  odd += (n.q && !c.spec.attn_norms.q) || (n.k && !c.spec.attn_norms.k);
  if (const auto& r = c.spec.rope)
    odd += (r->direction != 1) + (r->key_offset != 0) + r->rotates_values + r->exponent_of_head_dim +
           (r->rotary_dim != a.head_dim) + (r->base != 10000);
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

std::vector<Knob> knobs_of(const Space& space) {
  std::vector<Knob> out = wiring_knobs(space);
  for (Number& n : wiring_numbers(space)) out.push_back(usual_values(n));
  for (auto make : {norm_knobs, feed_forward_knobs, attention_knobs})
    for (Knob& k : make(space)) out.push_back(std::move(k));
  for (Number& n : attention_numbers(space))
    if (n.id == "position.rope.base") out.push_back(usual_values(n));
  return out;
}

std::vector<Number> numbers_of(const Space& space) {
  std::vector<Number> out = wiring_numbers(space);
  out.push_back(eps_of_all(space));
  for (Number& n : attention_numbers(space)) out.push_back(std::move(n));
  return out;
}

int oddity(const Candidate& c, const Space& space) {
  return oddity_of_norms(c, space) + oddity_of_wiring(c, space) + oddity_of_branches(c, space);
}

}  // namespace plumbline::identify
