// Presets that are files: each is a valid spec of its own, small ones visit the structure, and a mistake in a
// file is said by name.
#include "plumbline/spec/presets.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>

#include "plumbline/spec/preset_files.hpp"

namespace plumbline {
namespace {

// Those of a large model, which fractions of head_dim and of d divide.
constexpr Dimensions large{.d = 5120, .n_layers = 2, .n_heads = 120, .head_dim = 120, .d_ff = 640};

TEST(Presets, EveryOneIsAValidSpec) {
  for (const Preset& p : presets())
    for (const BlockSpec& s : {p.make(), p.make(large), p.small(), p.small({.d = 8, .n_heads = 2})}) {
      EXPECT_NO_THROW(validate(s)) << p.name;
      EXPECT_FALSE(p.summary.empty() || p.source.empty()) << p.name;
    }
}

TEST(Presets, NoTwoAreTheSameBlock) {
  for (const Dimensions& n : {Dimensions{}, large}) {
    std::map<std::string, std::string_view> seen;
    for (const Preset& p : presets()) {
      const auto [other, is_new] = seen.emplace(to_json(p.make(n)).dump(), p.name);
      EXPECT_TRUE(is_new) << p.name << " is " << other->second;
    }
  }
}

TEST(Presets, SmallOnesVisitTheirStructure) {
  const int tokens = 5;
  for (const Preset& p : presets()) {
    const BlockSpec published = p.make({.n_heads = 128, .head_dim = 12}), s = p.small();
    const AttentionSpec& a = s.attention;
    EXPECT_LT(a.mask.window.value_or(0), tokens) << p.name;
    EXPECT_TRUE(published.attention.n_kv_heads == 128 || a.n_kv_heads < a.n_heads) << p.name;
    EXPECT_TRUE(published.attention.n_kv_heads == 1 || a.n_kv_heads > 1) << p.name;
    if (!s.ffn.moe) continue;
    const MoeSpec& m = *s.ffn.moe;
    EXPECT_GT(m.experts, m.top_k) << p.name;
    EXPECT_GT(m.top_k, 1) << p.name;
    EXPECT_LE(m.experts, 8) << p.name;
    EXPECT_TRUE(m.groups == 1 || m.groups > m.chosen_groups) << p.name;
  }
}

TEST(Presets, WhatFollowsFromADimensionIsRoundedDown) {
  const auto rope = [](const Dimensions& n) { return find_preset("phi2").make(n).position.rope->rotary_dim; };
  EXPECT_EQ(rope({.head_dim = 80}), 32);
  EXPECT_EQ(rope({.head_dim = 18}), 6);  // 7 is no whole number of pairs
  EXPECT_EQ(rope({.head_dim = 2}), 2);
  const auto kv_heads = [](const Dimensions& n) {
    return find_preset("mistral").make(n).attention.n_kv_heads;
  };
  EXPECT_EQ(kv_heads({.n_heads = 32}), 8);
  EXPECT_EQ(kv_heads({.n_heads = 10}), 2);
  EXPECT_EQ(kv_heads({.n_heads = 14}), 2);  // 3 divides no 14
  EXPECT_EQ(kv_heads({.n_heads = 32, .n_kv_heads = 4}), 4);
  EXPECT_EQ(find_preset("keel").make({.n_layers = 12}).residual_scale, 24);
  EXPECT_EQ(find_preset("deepseek_v3_moe").make({.d = 7168}).attention.latent->kv_rank, 512);
}

struct Mistake {
  const char *text, *message;
};
class MistakenPreset : public testing::TestWithParam<Mistake> {};

// What the file "wrong" says, beside one that is right.
TEST_P(MistakenPreset, IsSaidByName) {
  const PresetText texts[] = {{"right", R"({"summary": "s", "source": "t", "spec": {"preset": "pre_norm"}})"},
                              {"wrong", GetParam().text}};
  try {
    const PresetFile f = read_preset_files(texts).back();
    validate(block_of(f, {}, false));
    validate(block_of(f, {}, true));
    FAIL() << "accepted: " << GetParam().text;
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, MistakenPreset,
    testing::Values(
        Mistake{
            R"({"summary": "s", "source": "t", "spec": )",
            "preset wrong: not JSON: parse error at line 1, column 41: syntax error while parsing value - "
            "unexpected end of input; expected '[', '{', or a literal"},
        Mistake{R"({"summary": "s", "source": "t", "spek": {}})",
                "preset wrong.spek: unknown key; the nearest known one is \"spec\""},
        Mistake{R"({"summary": "s", "spec": {"preset": "right"}})",
                "preset wrong.source: expected a text, found none"},
        Mistake{R"({"summary": "s", "source": "t", "spec": {}})",
                "preset wrong.spec.preset: expected where it begins, found none"},
        Mistake{R"({"summary": "s", "source": "t", "spec": {"preset": "rihgt"}})",
                "preset wrong.spec.preset: expected a layout or another file's name, found \"rihgt\""},
        Mistake{R"({"summary": "s", "source": "t", "spec": {"preset": "wrong"}})",
                "preset wrong.spec.preset: expected a layout or another file's name, found \"wrong\""},
        Mistake{R"({"summary": "s", "source": "t", "spec": {"preset": "right", "atention": {}}})",
                "preset wrong: spec.atention: unknown key; the nearest known one is \"attention\""},
        Mistake{
            R"({"summary": "s", "source": "t", "spec": {"preset": "right",
                   "position": {"rope": {"rotary_dim": "haed_dim / 2"}}}})",
            "preset wrong: spec.position.rope.rotary_dim: expected a whole number, found \"haed_dim / 2\""},
        Mistake{R"({"summary": "s", "source": "t", "spec": {"preset": "right",
                   "ffn": {"moe": {"top_k": 9}}}})",
                "spec.ffn.moe.top_k: expected at most experts = 8, found 9"},
        Mistake{R"({"summary": "s", "source": "t", "spec": {"preset": "right"},
                   "small": {"attention": {"widnow": 3}}})",
                "preset wrong: spec.attention.widnow: unknown key; the nearest known one is \"window\""}));

}  // namespace
}  // namespace plumbline
