// Mixtures of experts: how a token's experts are chosen, and how their answers are weighed.
#include "plumbline/identify/tables.hpp"

namespace plumbline::identify {
namespace {

MoeSpec* moe_of(BlockSpec& s) { return s.ffn.moe ? &*s.ffn.moe : nullptr; }

constexpr double usual_scalings_of_experts[] = {1, 2.5, 2.826, 16};

std::string routing_text(const Candidate& c) {
  const MoeSpec& m = *c.spec.ffn.moe;
  std::string text = "top " + std::to_string(m.top_k) + " of " + std::to_string(m.experts) + " by " +
                     std::string(plumbline::name_of(m.score)) + (m.renormalise ? ", over their sum" : "");
  if (m.scaling != 1) text += ", times " + number_text(m.scaling);
  if (m.groups > 1)
    text += ", from " + std::to_string(m.chosen_groups) + " of " + std::to_string(m.groups) + " groups by " +
            std::string(plumbline::name_of(m.group_score));
  return text;
}

// Every way to stand in groups; the first is in one.
std::vector<MoeSpec> grouped(const MoeSpec& m) {
  MoeSpec one = m;
  one.groups = one.chosen_groups = 1;
  one.group_score = MoeSpec().group_score;
  std::vector<MoeSpec> out{one};
  for (int groups = 2; groups <= m.experts / 2; ++groups)
    for (int chosen = 1; chosen < groups && m.experts % groups == 0; ++chosen)
      for (auto [score, name] : names<GroupScore>()) {
        out.push_back(m);
        out.back().groups = groups, out.back().chosen_groups = chosen, out.back().group_score = score;
      }
  return out;
}

// All at once: a token whose experts or weights are others is not explained by half.
std::vector<Candidate> other_routings(const Candidate& c) {
  Changes changes;
  for (const MoeSpec& in_groups : grouped(*c.spec.ffn.moe))
    for (int k = 1; k <= in_groups.experts / in_groups.groups * in_groups.chosen_groups; ++k)
      for (auto [score, name] : names<RouterScore>())
        for (bool renormalise : {true, false})
          for (double scaling : usual_scalings_of_experts) {
            MoeSpec m = in_groups;
            m.top_k = k, m.score = score, m.renormalise = renormalise, m.scaling = scaling;
            changes.push_back([m](BlockSpec& s) { s.ffn.moe = m; });
          }
  return changed(c, changes);
}

// What the box has parameters for: used, or not.
template <class Value>
void add_used(std::vector<Variation>& out, const std::string& key, Value MoeSpec::*member, Value declared) {
  if (declared == Value()) return;
  out.push_back({"ffn.moe." + key, branches,
                 [=](const Candidate& c) {
                   return std::string((*c.spec.ffn.moe).*member == Value() ? "none" : "used");
                 },
                 [=](const Candidate& c) {
                   return changed(c, {[=](BlockSpec& s) {
                                    Value& now = (*s.ffn.moe).*member;
                                    now = now == Value() ? declared : Value();
                                    if (!s.ffn.moe->shared_d_ff) s.ffn.moe->shared_gate = false;
                                    if (!s.ffn.moe->correction_bias) s.ffn.moe->weighs_by_corrected = false;
                                  }});
                 }});
}

}  // namespace

std::vector<Variation> expert_knobs(const Space& space) {
  const std::optional<MoeSpec>& declared = space.anatomy.spec.ffn.moe;
  if (!declared) return {};
  std::vector<Variation> out{{"ffn.moe", branches, routing_text, other_routings}};
  add_used(out, "router_bias", &MoeSpec::router_bias, declared->router_bias);
  add_used(out, "correction_bias", &MoeSpec::correction_bias, declared->correction_bias);
  add_used(out, "shared_d_ff", &MoeSpec::shared_d_ff, declared->shared_d_ff);
  add_used(out, "shared_gate", &MoeSpec::shared_gate, declared->shared_gate);
  add_missing(out, walked<MoeSpec>("ffn.moe", branches, moe_of));
  return out;
}

std::vector<Number> expert_numbers(const Space& space) {
  if (!space.anatomy.spec.ffn.moe) return {};
  return {{"ffn.moe.scaling", branches,
           [](const Candidate& c) { return std::optional(c.spec.ffn.moe->scaling); },
           [](Candidate& c, double x) { c.spec.ffn.moe->scaling = x; }, 1.0 / 64, 64,
           std::vector<double>(std::begin(usual_scalings_of_experts), std::end(usual_scalings_of_experts))}};
}

// Unused parameters; groups.
int oddity_of_experts(const MoeSpec& m, const MoeSpec& declared) {
  return (m.router_bias != declared.router_bias) + (m.correction_bias != declared.correction_bias) +
         (m.shared_d_ff != declared.shared_d_ff) + (m.shared_gate != declared.shared_gate) + (m.groups > 1);
}

}  // namespace plumbline::identify
