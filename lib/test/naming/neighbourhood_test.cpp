#include "plumbline/naming/neighbourhood.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

const Profile& single() { return find_profile("float32"); }

QuestionSettings settings_of(const char* spec, bool gradients) {
  return {.spec = spec_from_json(parse_json(spec, "test")), .batch = 2, .tokens = 20, .gradients = gradients};
}

const char* const attention_by_itself = R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2,
  "head_dim": 36, "mask": "causal_sliding", "window": 17, "logit_softcap": 4.0}})";
const char* const grouped =
    R"({"part": "sdpa", "attention": {"n_heads": 6, "n_kv_heads": 2, "head_dim": 10}})";
const char* const few_queries =
    R"({"part": "sdpa", "attention": {"n_heads": 2, "head_dim": 8, "mask": "causal"}})";
const char* const norm_by_itself =
    R"({"part": "norm", "d": 37, "norm": {"kind": "layer_norm", "eps": 1e-6}})";
const char* const large_eps = R"({"part": "norm", "d": 37, "norm": {"kind": "rms_norm", "eps": 0.02}})";
const char* const sum_and_norm =
    R"({"part": "add_norm", "d": 29, "norm": {"kind": "rms_norm", "eps": 1e-6}})";
const char* const gated =
    R"({"part": "ffn", "d": 18, "ffn": {"kind": "glu", "activation": "silu", "d_ff": 23}})";
const char* const block = R"({"part": "block", "preset": "llama", "d": 24, "attention": {"n_heads": 4,
  "n_kv_heads": 2, "head_dim": 6}, "position": {"rope": {"rotary_dim": 4}}, "ffn": {"d_ff": 40},
  "residual_scale": 1.5})";

// One answer to each of a few questions by a member that computes what `id` says.
struct Planted {
  std::vector<Request> requests;
  std::vector<Outputs> answers;

  Planted(QuestionSettings s, const std::function<Outputs(const Question&, const Computing&)>& outputs) {
    for (int seed = 1; seed <= 3; ++seed) {
      s.seed = std::uint64_t(seed);
      s.tokens = 7 + 13 * seed;
      if (s.spec.attention.mask.kind == MaskKind::causal && s.spec.part == Part::sdpa) s.key_tokens = 50;
      requests.push_back({"case", single(), question_from(s, single())});
      answers.push_back(outputs(requests.back().question, [](const Question& q, const Slip& slip) {
        Outputs out = with_slip(q, slip);
        for (auto& [name, value] : out) value += member_errors(q, slip, single(), 1).front().at(name);
        return out;
      }));
    }
  }

  std::optional<Neighbour> found(const Deviations& known = {}) const {
    std::vector<Failing> failing;
    for (std::size_t i = 0; i < requests.size(); ++i) failing.push_back({&requests[i], &answers[i]});
    return nearest_neighbour(failing, 0, known);
  }
};

Alternative find(const Question& q, const std::string& id) {
  for (auto family : {miswritten, changed_knobs, changed_inputs, fused_weights, slips_everywhere})
    for (const Alternative& a : family(q))
      if (a.id == id) return a;
  for (auto family : {hand_written, slips_of_places})
    for (const Alternative& a : family({q, {}}))
      if (a.id == id) return a;
  throw Error(id + ": expected an alternative");
}

struct Case {
  const char* id;
  const char* spec;
  bool gradients;
};

class NeighbourhoodOf : public testing::TestWithParam<Case> {};

TEST_P(NeighbourhoodOf, WhatIsPlantedIsNamed) {
  const auto [id, spec, gradients] = GetParam();
  const QuestionSettings s = settings_of(spec, gradients);
  const Alternative a = find(question_from(s, single()), id);
  const Planted planted(s, [&, gradients = gradients](const Question& q, const Computing& member) {
    std::set<std::string> wrong{"y"};
    if (gradients) wrong = {"grad." + std::string(q.spec.part == Part::sdpa ? "q" : "x")};
    return a.outputs({q, wrong}, member);
  });
  const auto found = planted.found();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id) << found->says;
  EXPECT_EQ(found->cases, (std::vector<int>{0, 1, 2}));
}

INSTANTIATE_TEST_SUITE_P(
    Alternatives, NeighbourhoodOf,
    testing::Values(
        Case{"tile/not-rescaled-16", attention_by_itself, false},
        Case{"tile/sum-not-rescaled-8", attention_by_itself, false},
        Case{"tile/output-not-rescaled-16", attention_by_itself, false},
        Case{"mask/inverted", attention_by_itself, false}, Case{"mask/added", attention_by_itself, false},
        Case{"softmax/uniform", attention_by_itself, false},
        Case{"written/head-channels-beyond-32", attention_by_itself, false},
        Case{"written/tail-rows-missing-16", attention_by_itself, true},
        Case{"written/rows-beyond-window", attention_by_itself, false},
        Case{"written/first-head-everywhere", attention_by_itself, false},
        Case{"written/heads-before-tokens", attention_by_itself, false},
        Case{"written/zero", norm_by_itself, false}, Case{"written/input", norm_by_itself, false},
        Case{"written/negated", norm_by_itself, true},
        Case{"input/other-sequences-seen", attention_by_itself, false},
        Case{"heads/first-everywhere", attention_by_itself, true},
        Case{"input/k-heads-before-tokens", attention_by_itself, false},
        Case{"knob/attention.window-ignored", attention_by_itself, true},
        Case{"knob/attention.causal_alignment=top_left", few_queries, false},
        Case{"knob/position.rope.rotary_dim-ignored", block, false},
        Case{"knob/residual_scale-ignored", block, true},
        Case{"backward/norm-means-summed-over-rows", norm_by_itself, true},
        Case{"backward/norm-projection-missing", norm_by_itself, true},
        Case{"backward/norm-r-in-bfloat16", norm_by_itself, true},
        Case{"backward/norm-mean-of-last-tile-32", norm_by_itself, true},
        Case{"backward/norm-variance-for-r", norm_by_itself, true},
        Case{"backward/sum-through-the-norm", sum_and_norm, true},
        Case{"backward/sum-through-the-norm-but-for-its-parameters", sum_and_norm, true},
        Case{"norm/eps-times-largest-squared", large_eps, false},
        Case{"norm/eps-times-largest-squared", large_eps, true},
        Case{"rope/angles-in-bfloat16", block, false}, Case{"rope/tables-of-other-style", block, false},
        Case{"rope/keys-2-later", block, true}, Case{"activation/hard-swish", gated, true},
        Case{"activation/mish", gated, false}, Case{"input/gate-and-up-interleaved", gated, true},
        Case{"input/gate-and-up-in-2-shards-inverse", gated, true}, Case{"input/qkv-by-group", block, true},
        Case{"heads/over-share-modulo", attention_by_itself, true}, Case{"heads/tiled-values", grouped, true},
        Case{"heads/tiled-keys", grouped, false}, Case{"heads/reversed-values", block, true},
        Case{"softmax/derivative-of-unmasked", attention_by_itself, true},
        Case{"written/channels-one-earlier", attention_by_itself, false},
        Case{"place/gradients-of-ffn.gate_proj-and-ffn.up_proj", gated, true},
        Case{"place/gradients-of-ffn.gate_proj-and-ffn.up_proj-in-row-0", gated, true}),
    [](const auto& info) {
      std::string name = info.param.id + std::string(info.param.gradients ? "" : " y");
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

TEST(Neighbourhood, ANumberIsFound) {
  const Planted planted(settings_of(norm_by_itself, true), [](Question q, const Computing& member) {
    q.spec.norm_slots.attn.in->eps = 2e-5;
    return member(q, {});
  });
  const auto found = planted.found();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "knob/norm_slots.attn.in.eps=2e-05");
}

// What has a name in the catalogue has no other: here the residual is taken twice.
TEST(Neighbourhood, TheCataloguesNameLeads) {
  const Deviation& d = find_deviation("residual/attn-doubled");
  const Planted planted(settings_of(sum_and_norm, true), [&](const Question& q, const Computing& member) {
    return of_catalogue(d).outputs({q, {}}, member);
  });
  ASSERT_TRUE(planted.found());
  EXPECT_NE(planted.found()->id, d.id);
  EXPECT_EQ(planted.found({&d})->id, d.id);
}

TEST(Neighbourhood, APowerOfTenIsSimplerThanADigit) {
  const Planted planted(settings_of(norm_by_itself, true), [](Question q, const Computing& member) {
    q.spec.norm_slots.attn.in->eps = 1e-12;
    return member(q, {});
  });
  ASSERT_TRUE(planted.found());
  EXPECT_EQ(planted.found()->id, "knob/norm_slots.attn.in.eps=1e-12");
}

TEST(Neighbourhood, AFactorIsFound) {
  const Planted planted(settings_of(norm_by_itself, false), [](const Question& q, const Computing& member) {
    Outputs out = member(q, {});
    out["y"] *= 1.5;
    return out;
  });
  const auto found = planted.found();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->says, "1.5 times what is right");
}

TEST(Neighbourhood, NoiseIsNotNamed) {
  const Planted planted(settings_of(block, false), [](const Question& q, const Computing& member) {
    Outputs out = member(q, {});
    for (Eigen::Index i = 0; i < out["y"].size(); ++i)
      out["y"].data()[i] *= 1 + 1e-3 * ((i * 7919) % 13 - 6.0);
    return out;
  });
  EXPECT_FALSE(planted.found());
}

}  // namespace
}  // namespace plumbline
