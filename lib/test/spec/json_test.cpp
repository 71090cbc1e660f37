#include "plumbline/spec/json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

TEST(SpecJson, ReadingWhatWasWrittenGivesTheSameSpec) {
  for (const Preset& preset : presets()) {
    const BlockSpec spec = preset.make({.d = 24, .n_layers = 3, .n_heads = 6, .n_kv_heads = 2});
    const Json json = to_json(spec);
    const BlockSpec again = spec_from_json(parse_json(json.dump(), "text"));
    EXPECT_TRUE(again == spec) << preset.name << "\n" << Json::diff(json, to_json(again)).dump();
  }
}

TEST(SpecJson, AShortSpecOfAPartIsEnough) {
  const auto read = [](const char* text) { return spec_from_json(parse_json(text, "text")); };
  EXPECT_EQ(read(R"({"part": "sdpa", "attention": {"n_heads": 3, "head_dim": 5}})").d, 15);
  EXPECT_EQ(read(R"({"part": "norm", "d": 4, "norm": {"kind": "rms_norm"}})").norm_slots.attn.in->kind,
            NormKind::rms_norm);
  const BlockSpec block = read(R"({"part": "block", "preset": "llama", "d": 8})");
  EXPECT_FALSE(block.final_norm);
  EXPECT_TRUE(block.position.rope);
  for (const BlockSpec& s : {block, read(R"({"part": "sdpa", "preset": "gemma2", "d": 16})")})
    EXPECT_TRUE(spec_from_json(to_json(s)) == s);
}

struct Refused {
  const char *text, *message;
};
class RefusedSpec : public testing::TestWithParam<Refused> {};

TEST_P(RefusedSpec, IsOneLineThatNamesTheKey) {
  try {
    spec_from_json(parse_json(GetParam().text, "case.json"));
    FAIL() << "accepted: " << GetParam().text;
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedSpec,
    testing::Values(
        Refused{R"({"d": 8, "layot": "pre_norm"})",
                "spec.layot: unknown key; the nearest known one is \"layout\""},
        Refused{R"({"d": 8, "layout": "prenorm"})",
                "spec.layout: unknown layout \"prenorm\"; the nearest known one is \"pre_norm\""},
        Refused{R"({"d": 8, "attention": {"n_heads": 3}})",
                "spec.attention.n_heads: expected a divisor of d = 8, found 3 (or give head_dim)"},
        Refused{R"({"d": 8, "attention": {"n_heads": 4, "n_kv_heads": 3}})",
                "spec.attention.n_kv_heads: expected a divisor of n_heads = 4, found 3"},
        Refused{R"({"d": 8, "attention": {"n_heads": 1}, "position": {"rope": {"rotary_dim": 3}}})",
                "spec.position.rope.rotary_dim: expected an even number from 2 to head_dim = 8, found 3"},
        Refused{R"({"d": 8, "layout": "pre_norm", "norm": {"eps": -1}})",
                "spec.norm_slots.attn.in.eps: expected a number of at least 0, found -1.000000"},
        Refused{R"({"d": 8, "final_norm": {"eps": 1e999}})",
                "case.json: not JSON: number overflow parsing '1e999'"},
        Refused{R"({"d": 8, "norm_slots": {"attn": {"in": {"kind": "batch_norm"}}}})",
                "spec.norm_slots.attn.in.kind: expected one of \"layer_norm\", \"rms_norm\", \"dyt\", "
                "\"l2_norm\", \"derf\", found "
                "\"batch_norm\""},
        Refused{R"({"d": 8, "attention": {"bias": false}})",
                "spec.attention.bias: expected an object with q, k, v, o, found false"},
        Refused{R"({"d": 8, "d": 9})", "case.json: the key \"d\" is given twice"},
        Refused{R"({"d": 2.5})", "spec.d: expected a whole number, found 2.5"},
        Refused{R"({"d": 3000000000})",
                "spec.d: expected a whole number of at most 2147483647, found 3000000000"},
        Refused{R"({"preset": "llama"})", "spec.d: expected a whole number of at least 1, found none"},
        Refused{R"({"part": "sdpa", "d": 9, "attention": {"n_heads": 2, "head_dim": 4}})",
                "spec.d: expected n_heads head_dim = 8, since part is \"sdpa\", found 9"},
        Refused{R"({"part": "block", "d": 8, "n_layers": 2})",
                "spec.n_layers: expected 1, since part is \"block\", found 2"},
        Refused{R"({"part": "add_norm", "d": 8})",
                "spec.norm_slots.attn.in: expected a norm, since part is \"add_norm\""},
        Refused{R"({"d": 8, "attention": {"causal_alignment": "top_left"}})",
                "spec.attention.causal_alignment: expected \"bottom_right\": only parts \"sdpa\" and "
                "\"softmax\" read it"},
        Refused{R"({"d": 0})", "spec.d: expected a whole number of at least 1, found 0"},
        Refused{R"({"d": 8, "ffn": {"activation": null}})",
                "spec.ffn.activation: expected one of \"relu\", \"gelu_erf\", \"gelu_tanh\", \"silu\", "
                "\"quick_gelu\", \"sigmoid\", \"gelu_bloom\", \"erf\", \"softplus\", found null"}));

}  // namespace
}  // namespace plumbline
