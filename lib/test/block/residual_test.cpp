// How branches join the stream, and norms by length and by erf: what is refused, what is known of them, that
// wrong answers differ, and how they are drawn.
#include "plumbline/block/residual.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "block/nested_enclosures.hpp"
#include "measure/characteristics.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;

BlockSpec read(const Json& changes) {
  Json spec{{"preset", "pre_norm"}, {"d", 8}, {"attention", {{"n_heads", 2}}}};
  spec.update(changes);
  if (spec.value("part", "stack") == "norm") spec.erase("preset"), spec.erase("attention");
  return spec_from_json(spec);
}

struct Joined {
  const char* name;
  Json changes;
  std::vector<const char*> wrong;  // deviations that only such a block has
};

std::vector<Joined> all_joined() {
  const Json no_norms{{"attn", {{"in", nullptr}}}, {"ffn", {{"in", nullptr}}}};
  return {
      {"gains",
       {{"residual_gain", "both"}, {"branch_gain", "attn"}},
       {"residual/gain-missing", "residual/branch-gain-missing", "residual/gains-swapped"}},
      {"lerp",
       {{"residual_rule", "lerp"}, {"lerp_scale", 0.5}, {"norm_slots", no_norms}, {"final_norm", nullptr}},
       {"lerp/added", "lerp/branch-not-normalized", "lerp/rate-signed", "lerp/result-not-normalized",
        "lerp/scale-missing"}},
      {"gpas", {{"gpas", "both"}}, {"gpas/missing", "gpas/not-stopped"}},
      {"layer_scalar", {{"layer_scalar", true}, {"final_norm", nullptr}}, {"layer-scalar/missing"}},
      {"norm_depth_scale",
       {{"norm_depth_scale", true}, {"n_layers", 3}},
       {"norm-depth-scale/missing", "norm-depth-scale/not-rooted"}},
      {"l2_norm",
       {{"part", "norm"}, {"norm", {{"kind", "l2_norm"}, {"eps", 1e-3}, {"eps_use", "at_least"}}}},
       {"l2/mean-for-sum"}},
      {"derf",
       {{"part", "norm"}, {"norm", {{"kind", "derf"}}}},
       {"derf/shift-before-alpha", "derf/shift-missing", "derf/tanh-for-erf"}},
      {"router",
       {{"part", "router"}, {"ffn", {{"moe", {{"experts", 6}, {"score", "sqrt_softplus"}}}}}},
       {"moe/root-missing"}},
      {"mixer",
       {{"part", "mixer"}, {"streams", {{"rule", "mhc"}, {"count", 2}}}},
       {"streams/sinkhorn-once"}}};
}

class JoinedTest : public testing::TestWithParam<Joined> {};

Question asked(const BlockSpec& s, std::uint64_t seed, const char* profile) {
  return question_from(
      {.spec = s, .batch = 2, .tokens = 4, .gradients = true, .recipe = Recipe::rich, .seed = seed},
      find_profile(profile));
}

TEST_P(JoinedTest, IsWrittenAndReadBack) {
  const BlockSpec s = read(GetParam().changes);
  EXPECT_EQ(spec_from_json(to_json(s)), s) << to_json(s).dump();
}

TEST_P(JoinedTest, EnclosuresHoldWhatOthersEnclose) {
  expect_nested_enclosures(asked(read(GetParam().changes), 3, "float64"));
}

TEST_P(JoinedTest, DiffersFromWrongAnswers) {
  const Question q = asked(read(GetParam().changes), 2, "float32");
  const Judge judge(q, find_profile("float32"));
  for (const char* id : GetParam().wrong) {
    const Deviation& d = find_deviation(id);
    ASSERT_TRUE(d.applies_to(q.spec)) << id;
    const Verdict verdict = judge.unnamed(faulty_answer(q, find_profile("float32"), d, 5));
    EXPECT_NE(verdict.finding, Finding::agrees) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(All, JoinedTest, testing::ValuesIn(all_joined()),
                         [](const auto& info) { return std::string(info.param.name); });

std::string refused(const Json& changes) {
  try {
    read(changes);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(Residual, IsRefusedWhereItMeansNothing) {
  const std::pair<Json, const char*> all[] = {
      {{{"residual_rule", "lerp"}, {"residual_scale", 2}},
       "spec.residual_scale: expected 1, since residual_rule is \"lerp\""},
      {{{"residual_rule", "lerp"}, {"branch_gain", "both"}},
       "spec.branch_gain: expected \"none\", since residual_rule is \"lerp\""},
      {{{"residual_rule", "lerp"}, {"norm_slots", {{"attn", {{"post", {{"kind", "rms_norm"}}}}}}}},
       "spec.norm_slots: expected no post norm, since residual_rule is \"lerp\""},
      {{{"residual_gain", "attn"}, {"residual_scale", 2}},
       "spec.residual_scale: expected 1, since there is a residual_gain"},
      {{{"preset", "parallel"}, {"gpas", "attn"}},
       "spec.gpas: expected \"none\" or \"both\", since topology is \"parallel\""},
      {{{"part", "block"}, {"norm_depth_scale", true}}, "spec.norm_depth_scale: expected false, since part"},
      {{{"lerp_scale", 2}}, "spec.lerp_scale"},
      {{{"streams", {{"rule", "mhc"}}}, {"layer_scalar", true}}, "spec.streams: expected null"},
      {{{"part", "router"}}, "spec.ffn.moe: expected experts, since part is \"router\""},
      {{{"part", "mixer"}}, "spec.streams: expected rule \"mhc\" or \"mhc_lite\", since part is \"mixer\""}};
  for (const auto& [changes, message] : all) {
    const std::string found = refused(changes);
    EXPECT_TRUE(found.starts_with(message)) << changes << ": " << found;
  }
}

// max(|x|, eps): a row of length 5 is a direction, one of length 0.5 is over 1; 0 stays 0, its slope 1 / eps.
TEST(L2Norm, DividesByNoLessThanEps) {
  BlockSpec s;
  s.part = Part::norm, s.d = 2;
  s.norm_slots.attn.in = NormSpec{.kind = NormKind::l2_norm, .eps = 1, .gain = false, .bias = false};
  s.norm_slots.attn.in->eps_use = EpsUse::at_least;
  M x(3, 2);
  x << 3, 4, 0.3, 0.4, 0, 0;
  M expected = x;
  expected.row(0) /= 5;
  EXPECT_LT((evaluate(s, {}, x) - expected).norm(), 1e-15);
  const M dx = M::Ones(3, 2);
  EXPECT_EQ(tangent(s, {}, x, dx).row(2), dx.row(2));
}

std::vector<std::string> drawn_formulas(const Json& changes) {
  return formulas(picture_of(read(changes)), Notation::text);
}
std::string drawn_jacobian(const Json& changes) {
  return jacobian_formula(picture_of(read(changes)), Notation::text);
}

TEST(Residual, IsExplained) {
  const Json gains{{"residual_gain", "ffn"}, {"branch_gain", "attn"}};
  EXPECT_EQ(drawn_formulas(gains),
            (std::vector<std::string>{"u = x + beta Attn(LN(x))", "y = alpha u + FFN(LN(u))", "z = LN(y)"}));
  EXPECT_EQ(drawn_jacobian(gains), "J = (alpha I + J_FFN J_LN)(I + beta J_Attn J_LN)");
  const Json lerp{{"residual_rule", "lerp"},
                  {"norm_slots", {{"attn", {{"in", nullptr}}}, {"ffn", {{"in", nullptr}}}}},
                  {"final_norm", nullptr}};
  EXPECT_EQ(drawn_formulas(lerp).front(), "u = L2(lerp(L2(x), L2(Attn(x))))");
  EXPECT_EQ(drawn_jacobian(lerp),
            "J = J_L2 ((I - A) J_L2 + A J_L2 J_FFN) J_L2 ((I - A) J_L2 + A J_L2 J_Attn)");
  EXPECT_EQ(picture_of(read(lerp)).remarks().size(), 1u);
  const Json gpas{{"gpas", "both"}, {"layer_scalar", true}, {"norm_depth_scale", true}};
  EXPECT_EQ(drawn_formulas(gpas)[0], "u = GPAS(x + Attn(delta LN(x)))");
  EXPECT_EQ(drawn_formulas(gpas)[1], "y = lambda GPAS(u + FFN(delta LN(u)))");
  EXPECT_EQ(drawn_jacobian(gpas), "J = lambda (I + J_FFN delta J_LN)(I + J_Attn delta J_LN)");
}

TEST(Residual, IsDrawn) {
  EXPECT_NE(ascii(picture_of(read({{"residual_rule", "lerp"},
                                   {"norm_slots", {{"attn", {{"in", nullptr}}}, {"ffn", {{"in", nullptr}}}}},
                                   {"final_norm", nullptr}})))
                .find("(~)<"),
            std::string::npos);
  const std::string gpas = ascii(picture_of(read({{"gpas", "both"}, {"layer_scalar", true}})));
  EXPECT_NE(gpas.find("GPAS"), std::string::npos) << gpas;
  EXPECT_NE(gpas.find("* lambda"), std::string::npos) << gpas;
}

}  // namespace
}  // namespace plumbline
