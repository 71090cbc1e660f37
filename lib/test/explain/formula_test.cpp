#include <gtest/gtest.h>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

Picture picture(const char* name) { return picture_of(find_preset(name).make({})); }

using Lines = std::vector<std::string>;
Lines text(const char* name) { return formulas(picture(name), Notation::text); }
std::string jacobian_text(const char* name) { return jacobian_formula(picture(name), Notation::text); }

TEST(Formula, OfEveryLayout) {
  EXPECT_EQ(text("pre_norm"), (Lines{"u = x + Attn(LN(x))", "y = u + FFN(LN(u))", "z = LN(y)"}));
  EXPECT_EQ(text("post_norm"), (Lines{"u = LN(x + Attn(x))", "y = LN(u + FFN(u))"}));
  EXPECT_EQ(text("sandwich"), (Lines{"u = x + LN(Attn(LN(x)))", "y = u + LN(FFN(LN(u)))", "z = LN(y)"}));
  EXPECT_EQ(text("output_norm"), (Lines{"u = x + LN(Attn(x))", "y = u + LN(FFN(u))", "z = LN(y)"}));
  EXPECT_EQ(text("deep_norm"), (Lines{"u = LN(alpha x + Attn(x))", "y = LN(alpha u + FFN(u))"}));
  EXPECT_EQ(text("parallel"), (Lines{"y = x + Attn(LN(x)) + FFN(LN(x))", "z = LN(y)"}));
  EXPECT_EQ(text("llama"), (Lines{"u = x + Attn(RMS(x))", "y = u + FFN(RMS(u))", "z = RMS(y)"}));
}

TEST(Formula, InLatex) {
  EXPECT_EQ(formulas(picture("pre_norm"), Notation::latex),
            (Lines{R"(u = x + \mathrm{Attn}(\mathrm{LN}(x)))", R"(y = u + \mathrm{FFN}(\mathrm{LN}(u)))",
                   R"(z = \mathrm{LN}(y))"}));
  EXPECT_EQ(formulas(picture("deep_norm"), Notation::latex)[0],
            R"(u = \mathrm{LN}(\alpha x + \mathrm{Attn}(x)))");
}

TEST(Formula, AFactorOfASumStandsBeforeParentheses) {
  BlockSpec s = find_preset("parallel").make({});
  s.branch_scale = 0.5;
  const Picture p = picture_of(s);
  EXPECT_EQ(formulas(p, Notation::text)[0], "y = x + beta (Attn(LN(x)) + FFN(LN(x)))");
  EXPECT_EQ(jacobian_formula(p, Notation::text), "J = I + beta (J_Attn + J_FFN) J_LN");
}

TEST(Formula, ScalesThatDifferAreNumbered) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.residual_scale = 2;
  s.attn_residual = ResidualFault::doubled;
  const Picture p = picture_of(s);
  EXPECT_EQ(formulas(p, Notation::text)[1], "y = alpha_2 u + FFN(LN(u))");
  ASSERT_EQ(p.legend().size(), 2u);
  EXPECT_EQ(p.legend()[0].value, 4);
  EXPECT_EQ(p.legend()[1].value, 2);
}

TEST(JacobianFormula, OfEveryLayout) {
  EXPECT_EQ(jacobian_text("pre_norm"), "J = (I + J_FFN J_LN)(I + J_Attn J_LN)");
  EXPECT_EQ(jacobian_text("post_norm"), "J = J_LN (I + J_FFN) J_LN (I + J_Attn)");
  EXPECT_EQ(jacobian_text("sandwich"), "J = (I + J_LN J_FFN J_LN)(I + J_LN J_Attn J_LN)");
  EXPECT_EQ(jacobian_text("output_norm"), "J = (I + J_LN J_FFN)(I + J_LN J_Attn)");
  EXPECT_EQ(jacobian_text("deep_norm"), "J = J_LN (alpha I + J_FFN) J_LN (alpha I + J_Attn)");
  EXPECT_EQ(jacobian_text("parallel"), "J = I + (J_Attn + J_FFN) J_LN");
  EXPECT_EQ(jacobian_formula(picture("pre_norm"), Notation::latex),
            R"(J = (I + J_{\mathrm{FFN}} J_{\mathrm{LN}})(I + J_{\mathrm{Attn}} J_{\mathrm{LN}}))");
}

TEST(JacobianFormula, FollowsTheGraphWhereASublayerReadsTheBlockInput) {
  BlockSpec s = find_preset("pre_norm").make({});
  s.ffn_residual = ResidualFault::block_input;
  EXPECT_EQ(jacobian_formula(picture_of(s), Notation::text), "J = I + J_FFN J_LN (I + J_Attn J_LN)");
  s.ffn_residual = ResidualFault::none;
  s.ffn_reads_block_input = true;
  EXPECT_EQ(jacobian_formula(picture_of(s), Notation::text), "J = I + J_FFN J_LN + J_Attn J_LN");
}

}  // namespace
}  // namespace plumbline
