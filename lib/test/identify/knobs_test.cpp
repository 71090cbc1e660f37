// No knob of a spec is forgotten: identify turns it, or says why not.
#include "plumbline/identify/knobs.hpp"

#include <gtest/gtest.h>

#include <set>

#include "identify/boxes.hpp"

namespace plumbline {
namespace {

using identify::Anatomy;
using identify::Candidate;

// The paths of all knobs within F, optional features included; those of norms below "norms". Where norms
// stand is one knob, "norm_slots".
template <class F>
void add_paths(const std::string& path, std::set<std::string>& out) {
  for_each_knob<F>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    using Inner = without_optional<T>;
    const std::string at = identify::dotted(path, k.key);
    if constexpr (std::is_same_v<T, NormSlot>) {
      add_paths<NormSpec>("norms", out);
    } else if constexpr (Feature<Inner>) {
      if (is_optional<T>) out.insert(at);
      add_paths<Inner>(at, out);
    } else {
      out.insert(at);
    }
  });
}

Candidate as_declared(const Box& box, const Anatomy& a) {
  Candidate c{computed_by(box), {}};
  for (const identify::StreamNorm& n : a.norms) c.places.push_back(*n.hint);
  return c;
}

// Experts as no preset has them all at once.
Box groups_of_experts() {
  Box box{"groups of experts", find_preset("mixtral").small(box_sizes)};
  MoeSpec& m = *box.spec.ffn.moe;
  m.experts = 6, m.groups = 3, m.chosen_groups = 2;
  m.score = RouterScore::sqrt_softplus;
  m.router_bias = m.correction_bias = true;
  return box;
}

// The knobs that have another value in some box, and the numbers that are solved for.
std::set<std::string> turned() {
  Dimensions deep = box_sizes;
  deep.n_layers = 2;
  Box partial{"rope on some channels", find_preset("gemma2").make(deep)};
  partial.spec.position.rope->rotary_dim = 4;
  partial.spec.attention.bias = {};
  std::vector<Box> boxes = right_boxes();
  boxes.push_back(partial);
  boxes.push_back(groups_of_experts());
  for (const char* preset : {"afmoe_global", "hybrid_norm", "llama3_1", "qwen2_moe", "t5_encoder"})
    for (const Box& box : preset_boxes(preset)) boxes.push_back(box);
  std::set<std::string> out;
  for (const Box& box : boxes) {
    const Anatomy a = identify::anatomy_of(tensors_of(box.spec), {});
    const identify::Space space{a};
    const Candidate c = as_declared(box, a);
    for (const identify::Variation& v : identify::variations_of(space))
      if (!v.others(c).empty()) out.insert(v.id);
    for (const identify::Number& n : identify::numbers_of(space))
      if (n.get(c)) out.insert(n.id);
  }
  return out;
}

TEST(Knobs, AreTurnedOrItIsSaidWhyNot) {
  std::set<std::string> all;
  add_paths<BlockSpec>("", all);
  const std::set<std::string> known = turned();
  for (const std::string& path : all)
    EXPECT_TRUE(known.contains(path) || identify::why_unvaried(path))
        << path << " is neither turned nor in the table of identify/knobs.cpp";
  for (const identify::Unvaried& u : identify::unvaried())
    EXPECT_TRUE(all.contains(std::string(u.path))) << u.path << ": there is no such knob";
}

// Red where a norm's own knobs are turned in all norms alone.
TEST(Knobs, OfNormsAreTurnedInEverySlotToo) {
  const Box box = dyt_boxes()[0];
  const Anatomy a = identify::anatomy_of(tensors_of(box.spec), {});
  const identify::Space space{a};
  const Candidate c = as_declared(box, a);
  std::map<std::string, std::size_t> others;
  for (const identify::Variation& v : identify::variations_of(space)) others[v.id] = v.others(c).size();
  for (const char* id : {"norms.alpha_place", "norm_slots.ffn.in.alpha_place"})
    EXPECT_EQ(others.at(id), 2) << id;
  for (const char* id : {"norms.eps", "norms.kind", "norm_slots.attn.in.eps_mode"})
    EXPECT_EQ(others.at(id), 0) << id;
}

}  // namespace
}  // namespace plumbline
