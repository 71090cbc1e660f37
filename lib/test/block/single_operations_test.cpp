// Softmaxes, projections and activations as parts: what a spec says of them, what is refused, what is known
// of them, and that wrong answers differ.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "measure/characteristics.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/explain/picture.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

struct Single {
  const char* name;
  Json spec;
  std::vector<const char*> wrong;
};

const std::vector<Single> all_single{
    {"softmax",
     {{"part", "softmax"}, {"d", 12}, {"attention", {{"scale", {{"mult", 0.5}}}, {"logit_softcap", 2}}}},
     {"scale/mult-missing", "softcap/missing", "softmax/over-queries", "softmax/unnormalised",
      "softcap/gradient-missing", "softmax/gradient-elementwise"}},
    {"causal_softmax",
     {{"part", "softmax"}, {"d", 9}, {"attention", {{"mask", "causal"}, {"sink", true}}}},
     {"mask/missing", "mask/sees-next", "mask/after-softmax", "mask/zero-score", "sink/missing"}},
    {"linear",
     {{"part", "linear"}, {"d", 8}},
     {"linear/bias-missing", "linear/bias-twice", "linear/transposed"}},
    {"narrow_linear", {{"part", "linear"}, {"d", 8}, {"linear", {{"d_out", 3}}}}, {"linear/bias-missing"}},
    {"activation",
     {{"part", "activation"}, {"d", 16}, {"ffn", {{"activation", "gelu_tanh"}}}},
     {"activation/erf-for-tanh", "activation/relu", "activation/derivative-of-erf"}},
    {"gated_activation",
     {{"part", "gated_activation"}, {"d", 8}, {"ffn", {{"activation", "silu"}}}},
     {"ffn/gate-and-up-swapped", "ffn/interleaved-for-halves", "ffn/gate-detached",
      "activation/quick-for-silu"}},
    {"limited",
     {{"part", "gated_activation"},
      {"d", 8},
      {"ffn", {{"activation", "quick_gelu"}, {"packing", "interleaved"}, {"limit", 2}, {"up_offset", 1}}}},
     {"ffn/limit-missing", "ffn/up-offset-missing", "ffn/halves-for-interleaved"}}};

class SingleTest : public testing::TestWithParam<Single> {};

TEST_P(SingleTest, IsWrittenAndReadBack) {
  const BlockSpec s = spec_from_json(GetParam().spec);
  EXPECT_EQ(spec_from_json(to_json(s)), s) << to_json(s).dump();
}

TEST_P(SingleTest, DiffersFromWrongAnswers) {
  const Profile& profile = find_profile("float32");
  const Question q = question_from({.spec = spec_from_json(GetParam().spec),
                                    .batch = 2,
                                    .tokens = 6,
                                    .gradients = true,
                                    .recipe = Recipe::rich,
                                    .seed = 2},
                                   profile);
  const Judge judge(q, profile);
  for (const char* id : GetParam().wrong) {
    const Deviation& d = find_deviation(id);
    ASSERT_TRUE(d.applies_to(q.spec)) << id;
    EXPECT_NE(judge.unnamed(faulty_answer(q, profile, d, 5)).finding, Finding::agrees) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SingleTest, testing::ValuesIn(all_single),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SingleOperation, BeginsWhereItsKernelsDo) {
  const BlockSpec softmax = spec_from_json({{"part", "softmax"}, {"d", 6}, {"preset", "llama"}});
  EXPECT_EQ(softmax.attention.mask.kind, MaskKind::bidirectional);
  EXPECT_EQ(softmax.attention.scale.rule, ScaleRule::one);
  EXPECT_EQ(spec_from_json({{"part", "linear"}, {"d", 6}}).linear, LinearSpec{});
  EXPECT_EQ(spec_from_json({{"part", "activation"}, {"d", 6}, {"preset", "llama"}}).ffn.kind,
            FeedForwardKind::mlp);
  EXPECT_TRUE(is_gated(spec_from_json({{"part", "gated_activation"}, {"d", 6}}).ffn));
}

TEST(SingleOperation, IsRefusedWhereItMeansNothing) {
  const std::pair<Json, const char*> all[] = {
      {{{"part", "softmax"}, {"attention", {{"n_heads", 4}}}},
       "spec.attention.n_heads: expected 1, since part is \"softmax\", found 4"},
      {{{"part", "softmax"}, {"attention", {{"given", {{"lengths", true}}}}}},
       "spec.attention.given: expected null, since part is \"softmax\""},
      {{{"part", "softmax"}, {"position", {{"rope", Json::object()}}}},
       "spec.position: expected none, since part is \"softmax\""},
      {{{"part", "linear"}, {"linear", nullptr}},
       "spec.linear: expected a projection, since part is \"linear\""},
      {{{"part", "linear"}, {"linear", {{"d_out", 0}}}},
       "spec.linear.d_out: expected a whole number of at least 1, found 0"},
      {{{"part", "ffn"}, {"linear", Json::object()}}, "spec.linear: expected null, since part is \"ffn\""},
      {{{"part", "activation"}, {"ffn", {{"kind", "glu"}}}},
       "spec.ffn.kind: expected \"mlp\", since part is \"activation\", found \"glu\""},
      {{{"part", "gated_activation"}, {"ffn", {{"moe", Json::object()}}}},
       "spec.ffn.moe: expected null, since part is \"gated_activation\""},
      {{{"part", "ffn"}, {"ffn", {{"kind", "glu"}, {"packing", "interleaved"}}}},
       "spec.ffn.packing: expected \"gate_first\": only part \"gated_activation\" reads it"},
      {{{"part", "attention"}, {"attention", {{"mask", "causal_chunked"}}}},
       "spec.attention.window: expected a whole number, since mask is \"causal_chunked\""}};
  for (auto [spec, message] : all) {
    spec["d"] = 8;
    try {
      spec_from_json(spec);
      ADD_FAILURE() << spec;
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), message);
    }
  }
}

// Each a quotient of whole numbers.
TEST(SingleOperation, HasKnownValues) {
  BlockSpec s = spec_from_json(
      {{"part", "softmax"}, {"d", 4}, {"attention", {{"mask", "causal"}, {"causal_alignment", "top_left"}}}});
  M y = evaluate(s, {}, M::Zero(3, 4).eval());
  M expected = M::Zero(3, 4);
  for (int t = 0; t < 3; ++t) expected.row(t).head(t + 1).setConstant(1.0 / (t + 1));
  EXPECT_EQ(y, expected);
  s = spec_from_json({{"part", "gated_activation"},
                      {"d", 2},
                      {"ffn", {{"activation", "relu"}, {"packing", "interleaved"}, {"limit", 2}}}});
  M x(1, 4);
  x << 5, -3, -1, 7;  // gate 5, up -3; gate -1, up 7
  EXPECT_EQ(evaluate(s, {}, x), (M(1, 2) << -4, 0).finished());
  s.ffn.packing = GatePacking::up_first;
  EXPECT_EQ(evaluate(s, {}, x), (M(1, 2) << 0, -4).finished());  // gate -1, up 5; gate 7, up -3
}

TEST(SingleOperation, IsExplained) {
  for (const auto& [part, formula] :
       {std::pair("softmax", "y = Softmax(x)"), std::pair("linear", "y = Linear(x)"),
        std::pair("activation", "y = Act(x)"), std::pair("gated_activation", "y = GatedAct(x)")})
    EXPECT_EQ(formulas(picture_of(spec_from_json({{"part", part}, {"d", 4}})), Notation::text).front(),
              formula);
}

// p g - p sum p g, each product rounded, as PyTorch on CUDA and apex have it.
Outputs multiplied_first(const Question& q) {
  Matrix<float> p = q.inputs.x.cast<float>(), d = q.inputs.cotangent.cast<float>();
  for (Eigen::Index t = 0; t < p.rows(); ++t) {
    p.row(t) = (p.row(t).array() - p.row(t).maxCoeff()).exp();
    p.row(t) = (p.row(t).array() / p.row(t).sum()).eval();
    const Eigen::RowVectorXf products = p.row(t).cwiseProduct(d.row(t));
    d.row(t) = products - p.row(t) * products.sum();
  }
  return {{"y", p.cast<double>()}, {"grad.x", d.cast<double>()}};
}

TEST(Softmax, MayMultiplyBeforeItTakesTheMeanOut) {
  for (int d : {2, 3, 33})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const Recipe recipe = seed % 2 ? Recipe::rich : Recipe::hot_scores;
      const Question q = question_from({.spec = spec_from_json({{"part", "softmax"}, {"d", d}}),
                                        .tokens = 65,
                                        .gradients = true,
                                        .recipe = recipe,
                                        .seed = seed},
                                       find_profile("float32"));
      const Verdict v = Judge(q, find_profile("float32")).unnamed(multiplied_first(q));
      EXPECT_EQ(v.finding, Finding::agrees) << d << " " << seed << ": " << describe(v);
    }
}

// Row i of a chunk sees as many keys as stand before it there.
TEST(Chunks, HideAllKeysOfOtherChunks) {
  const BlockSpec s = spec_from_json(
      {{"part", "softmax"}, {"d", 5}, {"attention", {{"mask", "causal_chunked"}, {"window", 2}}}});
  M expected(5, 5);
  expected << 1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 1;
  EXPECT_EQ(evaluate(s, {}, M::Zero(5, 5).eval()), expected);
}

}  // namespace
}  // namespace plumbline
