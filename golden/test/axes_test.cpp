// Golden cases leave out no value of a knob and no preset: both are read where they are declared, so that a
// new one is missed here until a case has it.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden/generate/case_list.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::golden {
namespace {

// "attention.mask.kind causal", of everything that right blocks choose. All norms count as one, wherever they
// stand; of a number it only counts whether it is the default.
using Values = std::set<std::string>;

template <class S>
std::string path_of(const std::string& path, std::string_view key) {
  if (std::is_same_v<S, NormSpec>) return "norm." + std::string(key);
  return key.empty() ? path : path + (path.empty() ? "" : ".") + std::string(key);
}

constexpr const char *absent = " absent", *given = " given", *usual = " usual", *unusual = " unusual";

template <class S>
void add_all(const std::string& path, Values& out) {
  for_each_knob<S>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    if (k.wrong) return;
    const std::string at = path_of<S>(path, k.key);
    if constexpr (is_optional<T>) out.insert({at + absent, at + given});
    if constexpr (Feature<without_optional<T>>)
      add_all<without_optional<T>>(at, out);
    else if constexpr (std::is_enum_v<T>)
      for (const auto& [value, name] : names<T>()) out.insert(at + " " + std::string(name));
    else if constexpr (!is_optional<T>)
      out.insert({at + usual, at + unusual});
  });
}

template <class S>
void add_values(const S& feature, const std::string& path, Values& out) {
  const S usually;
  for_each_knob<S>([&](const auto& k) {
    using T = typename std::remove_cvref_t<decltype(k)>::Value;
    const auto& value = feature.*(k.member);
    if (k.wrong) return;
    const std::string at = path_of<S>(path, k.key);
    if constexpr (is_optional<T>) {
      out.insert(at + (value ? given : absent));
      if constexpr (Feature<without_optional<T>>)
        if (value) add_values(*value, at, out);
    } else if constexpr (Feature<T>) {
      add_values(value, at, out);
    } else if constexpr (std::is_enum_v<T>) {
      out.insert(at + " " + std::string(name_of(value)));
    } else {
      out.insert(at + (value == usually.*(k.member) ? usual : unusual));
    }
  });
}

// Why no case has it.
const std::map<std::string, std::string> without_case = {
    {"d usual", "a block has channels"},
    {"position.rope.rotary_dim usual", "some channel is turned"},
    {"attention.latent.kv_rank usual", "that of a large model, more than a file should hold"},
    {"attention.latent.rope_dim usual", "that of a large model, more than a file should hold"}};

TEST(Golden, EveryValueOfEveryKnobStandsInSomeCase) {
  Values all, found;
  add_all<BlockSpec>("", all);
  for (const GoldenCase& c : cases()) add_values(c.settings.spec, "", found);
  for (const std::string& value : all)
    EXPECT_NE(found.contains(value), without_case.contains(value)) << value;
  for (const auto& [value, why] : without_case) EXPECT_TRUE(all.contains(value)) << value;
}

// The layout around the sublayers of a block, with its norm where the layout has one.
BlockSpec in_its_dimensions(const Preset& p, const BlockSpec& s) {
  const AttentionNorms& n = s.norm_slots.attn;
  return with_layout(s, p.name, (n.in ? n.in : n.post ? n.post : n.out).value());
}

// The others have cases of their own.
bool is_case_of(const Preset& p, const GoldenCase& c) {
  if (!p.common) return c.id == "presets/" + std::string(p.name);
  const BlockSpec& s = c.settings.spec;
  if (!c.id.starts_with(std::string(p.name) + "/") || !is_stack(s)) return false;
  if (p.is_layout) return in_its_dimensions(p, s) == s;
  const AttentionSpec& a = s.attention;
  return p.make({s.d, s.n_layers, a.n_heads, a.n_kv_heads, a.head_dim, s.ffn.d_ff}) == s;
}

TEST(Golden, EveryPresetStandsInSomeCase) {
  for (const Preset& p : presets())
    EXPECT_TRUE(std::ranges::any_of(cases(), [&](const GoldenCase& c) { return is_case_of(p, c); }))
        << p.name;
}

}  // namespace
}  // namespace plumbline::golden
