#include "plumbline/cases/case.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace plumbline {
namespace {

CaseSettings settings(const char* text) { return case_from_json(parse_json(text, "test")); }

TEST(Case, ABareSpecTakesTheDefaults) {
  const CaseSettings c = settings(R"({"preset": "post_norm", "d": 8})");
  EXPECT_EQ(c.tokens, 6);
  EXPECT_EQ(c.batch, 1);
  EXPECT_EQ(c.seed, 1u);
}

TEST(Case, BadSettingsNameTheKey) {
  const auto message = [](const char* text) -> std::string {
    try {
      settings(text);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message(R"({"spec": {"preset": "post_norm", "d": 8}, "T": 0})"),
            "case.T: expected a whole number of at least 1, found 0");
  EXPECT_EQ(message(R"({"spec": {"preset": "post_norm", "d": 8}, "seed": -1})"),
            "case.seed: expected a whole number of at least 0, found -1");
}

TEST(Case, InputsAreExactInFloat) {
  for (const auto& [regime, name] : names<Regime>()) {
    CaseSettings c = settings(R"({"spec": {"preset": "post_norm", "d": 8}, "T": 40})");
    c.regime = regime;
    const CaseInputs in = inputs_of(c);
    EXPECT_EQ(cast<double>(cast<float>(in.x)), in.x) << name;
    EXPECT_EQ(cast<double>(cast<float>(in.parameters)), in.parameters) << name;
    EXPECT_EQ(cast<double>(cast<float>(in.cotangent)), in.cotangent) << name;
  }
}

// The first outputs of mt19937_64 with seed 1 are fixed by the C++ standard: 2469588189546311528, ...
TEST(Case, InputsAreTheSameEverywhere) {
  const CaseInputs in = inputs_of(settings(R"({"preset": "post_norm", "d": 8})"));
  EXPECT_EQ(in.x(0, 0), static_cast<double>(2469588189546311528u >> 43) / 1048576 - 1);
  EXPECT_EQ(in.x.rows(), 6);
  EXPECT_EQ(in.cotangent.cols(), 8);
}

TEST(Case, GainsAreAwayFromZeroAndMatricesScaleWithTheirWidth) {
  const CaseInputs in = inputs_of(settings(R"({"preset": "post_norm", "d": 16})"));
  const Matrix<double>& gain = in.parameters.at("layers.0.attn.norm_post.weight");
  EXPECT_GE(gain.minCoeff(), 0.75);
  EXPECT_LT(gain.maxCoeff(), 1.75);
  EXPECT_LE(in.parameters.at("layers.0.attn.q_proj.weight").cwiseAbs().maxCoeff(), 0.25);
  EXPECT_GT(in.parameters.at("layers.0.attn.q_proj.bias").cwiseAbs().maxCoeff(), 0.5);
}

}  // namespace
}  // namespace plumbline
