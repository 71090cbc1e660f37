// Of experts with equal scores at the border of the chosen ones either is right: such a question is refused,
// by one line that names the token and the experts. Red where ties that decide nothing are refused too.
#include "plumbline/cases/tied_experts.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

Question of_experts(const Json& moe, const char* part = "ffn") {
  const BlockSpec s =
      spec_from_json({{"part", part},
                      {"d", 4},
                      {"ffn", {{"kind", "mlp"}, {"activation", "silu"}, {"d_ff", 3}, {"moe", moe}}}});
  return question_from({.spec = s, .batch = 2, .tokens = 3, .recipe = Recipe::rich, .seed = 1},
                       find_profile("float32"));
}

std::string why_refused(const Question& q) {
  try {
    refuse_tied_experts(q);
    return "";
  } catch (const NothingToJudge& e) {
    return e.what();
  }
}

// Rows of the router that are alike give equal scores; `bias` orders the experts.
Question with_scores(Question q, std::initializer_list<double> bias) {
  q.inputs.parameters.at("layers.0.ffn.router.weight").setZero();
  Matrix<double>& b = q.inputs.parameters.at("layers.0.ffn.router.bias");
  std::copy(bias.begin(), bias.end(), b.data());
  return q;
}

const Json two_of_four{{"experts", 4}, {"top_k", 2}, {"router_bias", true}};

TEST(TiedExperts, AreRefusedAtTheBorderAlone) {
  const Question q = of_experts(two_of_four);
  EXPECT_EQ(why_refused(q), "");
  EXPECT_EQ(why_refused(with_scores(q, {3, 1, 2, 2})).substr(0, 41),
            "layers.0.ffn.router: sequence 0, token 0:");
  EXPECT_NE(why_refused(with_scores(q, {3, 1, 2, 2})).find("experts 2 and 3 with the score"),
            std::string::npos);
  EXPECT_EQ(why_refused(with_scores(q, {3, 3, 2, 1})), "");
  EXPECT_EQ(why_refused(with_scores(q, {3, 2, 1, 1})), "");
}

TEST(TiedExperts, AreFoundInTheTokenThatHasThem) {
  Question q = of_experts({{"experts", 3}, {"top_k", 1}});
  Matrix<double>& w = q.inputs.parameters.at("layers.0.ffn.router.weight");
  w.setZero();
  w(0, 0) = 1, w(1, 1) = 1, w(2, 2) = 1;
  q.inputs.x.setZero();
  for (int t = 0; t < 6; ++t) q.inputs.x(t, t % 3) = 1;
  EXPECT_EQ(why_refused(q), "");
  q.inputs.x(4, 2) = 1;  // as large as that of expert 1
  EXPECT_TRUE(why_refused(q).starts_with("layers.0.ffn.router: sequence 1, token 1:")) << why_refused(q);
  EXPECT_NE(why_refused(q).find("experts 1 and 2"), std::string::npos);
}

TEST(TiedExperts, CountAmongGroupsToo) {
  Json groups = two_of_four;
  groups["groups"] = 2, groups["chosen_groups"] = 1, groups["group_score"] = "largest";
  const Question q = of_experts(groups, "router");
  EXPECT_EQ(why_refused(with_scores(q, {4, 1, 3, 2})), "");
  EXPECT_NE(why_refused(with_scores(q, {4, 1, 4, 2})).find("groups 0 and 1"), std::string::npos);
}

// Another choice moves y by itself, roundings by far less than the root of what float32 resolves.
TEST(Router, ChoosesAlikeInEveryMember) {
  const Calibration c(of_experts({{"experts", 4}, {"top_k", 2}}), find_profile("float32"));
  EXPECT_LT(c.sigma()[0].maxCoeff(), 0x1p-12 * double(c.truth()[0].cwiseAbs().maxCoeff()));
}

TEST(TiedExperts, AreNotJudged) {
  const Question q = with_scores(of_experts(two_of_four), {3, 1, 2, 2});
  EXPECT_THROW(Judge(q, find_profile("float32")), NothingToJudge);
}

}  // namespace
}  // namespace plumbline
