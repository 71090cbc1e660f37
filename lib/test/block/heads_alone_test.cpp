// Parts rope and linear_attention: what is known of them, what is refused, that wrong answers differ, what a
// question has, and how it is drawn.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "block/nested_enclosures.hpp"
#include "measure/characteristics.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/cases/related.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

constexpr const char* turning = R"({"part": "rope", "attention": {"n_heads": 2, "head_dim": 6}})";
constexpr const char* recurring =
    R"({"part": "linear_attention", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 3}})";

// A spec, and what is merged into it.
BlockSpec merged(const char* text, const Json& changes) {
  Json spec = parse_json(text, "test");
  spec.merge_patch(changes);
  return spec_from_json(spec);
}

Json rope(Json knobs) { return {{"position", {{"rope", std::move(knobs)}}}}; }
Json linear(Json knobs) { return {{"attention", {{"linear", std::move(knobs)}}}}; }

struct Alone {
  const char* name;
  BlockSpec spec;
  std::vector<const char*> wrong;  // deviations that only such a part has
};

std::vector<Alone> all_alone() {
  return {{"turned_by_angles", merged(turning, rope({{"rotary_dim", 4}, {"sign", -1}})), {"rope/sign"}},
          {"turned_by_tables",
           merged(turning, rope({{"style", "interleaved"}, {"tables", "given"}})),
           {"rope/tables-in-other-style", "rope/tables-of-first-sequence", "rope/tables-swapped"}},
          {"linear",
           merged(recurring, linear({{"update_rule", "linear"}})),
           {"linear-attention/read-before-update"}},
          {"gated",
           merged(recurring, linear({{"update_rule", "gated"}, {"decay_over", "channels"}})),
           {"linear-attention/decay-after-update", "linear-attention/decay-as-given",
            "linear-attention/decay-missing"}},
          {"delta",
           merged(recurring, linear({{"update_rule", "delta"}, {"state", true}})),
           {"linear-attention/beta-missing", "linear-attention/beta-on-values-alone",
            "linear-attention/delta-missing", "linear-attention/state-missing",
            "linear-attention/state-transposed"}},
          {"gated_delta",
           merged(recurring, linear({{"qk_l2_eps", 1e-6}})),
           {"linear-attention/delta-before-decay", "linear-attention/l2-missing"}}};
}

class AloneTest : public testing::TestWithParam<Alone> {};

Question asked_alone(const BlockSpec& s, std::uint64_t seed, const char* profile, bool gradients = true) {
  return question_from(
      {.spec = s, .batch = 2, .tokens = 4, .gradients = gradients, .recipe = Recipe::rich, .seed = seed},
      find_profile(profile));
}

TEST_P(AloneTest, IsWrittenAndReadBack) {
  const BlockSpec& s = GetParam().spec;
  EXPECT_EQ(spec_from_json(to_json(s)), s) << to_json(s).dump();
}

TEST_P(AloneTest, IsAskedAndReadBack) {
  const Question q = asked_alone(GetParam().spec, 1, "float64");
  const Question back =
      request_from(to_container({"alone/1/0", find_profile("float64"), q}), "test").question;
  EXPECT_EQ(back.inputs.x, q.inputs.x);
  EXPECT_EQ(back.inputs.parameters, q.inputs.parameters);
  EXPECT_EQ(back.inputs.cotangent, q.inputs.cotangent);
}

TEST_P(AloneTest, EnclosuresHoldWhatOthersEnclose) {
  expect_nested_enclosures(asked_alone(GetParam().spec, 3, "float64"));
}

TEST_P(AloneTest, DiffersFromWrongAnswers) {
  for (const char* profile : {"float32", "bfloat16-mixed"}) {
    const Question q = asked_alone(GetParam().spec, 2, profile, false);
    const Judge judge(q, find_profile(profile));
    for (const char* id : GetParam().wrong) {
      const Deviation& d = find_deviation(id);
      ASSERT_TRUE(d.applies_to(q.spec)) << id;
      EXPECT_NE(judge.unnamed(faulty_answer(q, find_profile(profile), d, 5)).finding, Finding::agrees) << id;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, AloneTest, testing::ValuesIn(all_alone()),
                         [](const auto& info) { return std::string(info.param.name); });

std::string refused(const char* text, const Json& changes) {
  try {
    merged(text, changes);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(HeadsAlone, AreRefusedWhereTheyMeanNothing) {
  const Json delta = linear({{"update_rule", "delta"}});
  Json masked = delta, positioned = delta, uneven = delta;
  masked["attention"]["mask"] = "bidirectional";
  positioned["position"] = {{"rope", Json::object()}};
  uneven["attention"]["n_kv_heads"] = 3;
  const std::tuple<const char*, Json, const char*> all[] = {
      {turning, Json::object(),
       "spec.position.rope: expected what turns heads, found null, since part is \"rope\""},
      {turning, rope({{"tables", "given"}, {"scaling", {{"kind", "linear"}, {"factor", 2}}}}),
       "spec.position.rope.scaling: expected null, since tables are given"},
      {turning, rope({{"rotary_dim", 8}}), "spec.position.rope.rotary_dim: expected an even number"},
      {recurring, Json::object(),
       "spec.attention.linear: expected how tokens write to the state, found null, since part is "
       "\"linear_attention\""},
      {recurring, masked, "spec.attention.mask: expected \"causal\", since part is \"linear_attention\""},
      {recurring, positioned, "spec.position: expected no positions, since part is \"linear_attention\""},
      {recurring, uneven, "spec.attention.n_kv_heads: expected a divisor of n_heads = 4, found 3"},
      {recurring,
       {{"part", "sdpa"}, {"attention", delta["attention"]}},
       "spec.attention.linear: expected null: only part \"linear_attention\" reads it"},
      {turning,
       {{"part", "attention"}, {"d", 12}, {"position", rope({{"tables", "given"}})["position"]}},
       "spec.position.rope.tables: expected \"computed\": only part \"rope\" is given them"}};
  for (const auto& [text, changes, message] : all) {
    const std::string found = refused(text, changes);
    EXPECT_TRUE(found.starts_with(message)) << changes << ": " << found;
  }
}

std::string shapes_asked(const BlockSpec& s) {
  std::string out;
  for (const ExchangedTensor& t : question_tensors(s, {2, 5, 0}, false)) {
    out += t.name;
    for (const std::int64_t n : t.shape) out += " " + std::to_string(n);
    out += "; ";
  }
  return out;
}

TEST(HeadsAlone, AreAskedWithWhatTheirRuleReads) {
  EXPECT_EQ(shapes_asked(merged(turning, rope({{"rotary_dim", 4}}))), "x 2 5 2 6; ");
  EXPECT_EQ(shapes_asked(merged(turning, rope({{"rotary_dim", 4}, {"tables", "given"}}))),
            "x 2 5 2 6; cos 2 5 2; sin 2 5 2; ");
  const std::string heads = "q 2 5 4 3; k 2 5 2 3; v 2 5 2 3; ";
  EXPECT_EQ(shapes_asked(merged(recurring, linear({{"update_rule", "linear"}}))), heads);
  EXPECT_EQ(shapes_asked(merged(recurring, linear({{"state", true}}))),
            heads + "decay 2 5 2; beta 2 5 2; state 2 2 3 3; ");
  EXPECT_EQ(shapes_asked(merged(recurring, linear({{"update_rule", "gated"}, {"decay_over", "channels"}}))),
            heads + "decay 2 5 2 3; ");
}

// Chunks of tokens take gradients of decays from sums that cancel.
TEST(LinearAttention, HasNoGradientsOfDecaysToJudge) {
  const auto is_judged = [](const char* rule, bool gradients) {
    const BlockSpec s = merged(recurring, linear({{"update_rule", rule}}));
    try {
      Judge(asked_alone(s, 1, "float32", gradients), find_profile("float32"));
      return true;
    } catch (const NothingToJudge&) {
      return false;
    }
  };
  EXPECT_TRUE(is_judged("delta", true));
  EXPECT_TRUE(is_judged("gated", false));
  EXPECT_FALSE(is_judged("gated", true));
  EXPECT_FALSE(is_judged("gated_delta", true));
}

// A state that is not kept small grows like 127 to the number of tokens.
TEST(LinearAttention, IsDrawnSoThatStatesStaySmall) {
  for (const Recipe recipe : {Recipe::ordinary, Recipe::rich, Recipe::edges})
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      const QuestionSettings s{.spec = merged(recurring, linear({{"state", true}})),
                               .batch = 2,
                               .tokens = 40,
                               .recipe = recipe,
                               .seed = seed};
      const Question q = question_from(s, find_profile("float32"));
      EXPECT_LE(q.inputs.parameters.at("decay").maxCoeff(), 0);
      EXPECT_GE(q.inputs.parameters.at("beta").minCoeff(), 0);
      EXPECT_LE(q.inputs.parameters.at("beta").maxCoeff(), 1);
      EXPECT_LT(evaluate(q.spec, q.inputs.parameters, q.inputs.x, 2).cwiseAbs().maxCoeff(), 1e4);
    }
}

// The relation of causal attention: no token of the past sees a later one; states belong to no token.
TEST(LinearAttention, ALaterTokenChangesNoEarlierRow) {
  const Question q = asked_alone(merged(recurring, linear({{"state", true}})), 1, "float64");
  EXPECT_TRUE(is_causal(q.spec));
  const Question other = with_other_last_token(q);
  EXPECT_EQ(other.inputs.parameters.at("state"), q.inputs.parameters.at("state"));
  const M y = evaluate(q.spec, q.inputs.parameters, q.inputs.x, 2),
          z = evaluate(q.spec, other.inputs.parameters, other.inputs.x, 2);
  for (const int row : {0, 1, 2, 4, 5, 6}) EXPECT_EQ(y.row(row), z.row(row));
  EXPECT_NE(y.row(3), z.row(3));
}

}  // namespace
}  // namespace plumbline
