#include "plumbline/judge/verdict.hpp"
#include "plumbline/judge/describe.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "measure/characteristics.hpp"
#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using peer::Storage;

Outputs correct(const Question& q, Storage storage = Storage::bfloat16, bool in_double = false) {
  return peer::answer(q, {.name = "eager", .storage = storage}, in_double);
}

struct Fixture {
  Question question;
  Judge judge;
  Outputs answer;
  explicit Fixture(std::string_view preset, std::string_view profile = "bfloat16-mixed",
                   bool gradients = false, Storage storage = Storage::bfloat16)
      : question(question_from(preset, Recipe::rich, find_profile(profile), gradients, 1, 24)),
        judge(question, find_profile(profile)),
        answer(correct(question, storage, profile == "float64")) {}
};

TEST(Verdict, CorrectImplementationsAgree) {
  for (const auto& [profile, storage] :
       std::vector<std::pair<const char*, Storage>>{{"float64", Storage::native},
                                                    {"float32", Storage::native},
                                                    {"bfloat16-mixed", Storage::bfloat16},
                                                    {"float16-mixed", Storage::float16}})
    for (const char* preset : {"gpt2", "llama"}) {
      const Fixture f(preset, profile, true, storage);
      const Verdict v = f.judge(f.answer);
      EXPECT_EQ(v.finding, Finding::agrees) << profile << " " << preset << ": " << v.reason;
    }
}

TEST(Verdict, ThreadsChangeNothing) {
  const Fixture f("llama", "float32", true, Storage::native);
  const Judge one(f.question, find_profile("float32"), {.threads = 1}),
      five(f.question, find_profile("float32"), {.threads = 5});
  const Verdict alone = one(f.answer), together = five(f.answer);
  EXPECT_EQ(alone.p, together.p);
  EXPECT_EQ(alone.reason, together.reason);
  EXPECT_EQ(alone.log_ratios, together.log_ratios);
  EXPECT_EQ(one.smallest_noticed(), five.smallest_noticed());
}

TEST(Verdict, AWrongEpsIsNamed) {
  const Fixture f("gpt2", "float32", false, Storage::native);
  const Deviation& d = find_deviation("norm/eps-outside-sqrt");
  const Verdict v = f.judge(faulty_answer(f.question, find_profile("float32"), d, 5));
  EXPECT_EQ(v.finding, Finding::wrong);
  EXPECT_EQ(v.deviation, d.id);
  EXPECT_GT(v.log_ratio, -std::log(Judge::alpha));
  EXPECT_LT(std::abs(v.coefficient - 1), 5 / std::sqrt(2 * v.log_ratio));  // five standard errors
  EXPECT_GT(v.unexplained, Judge::alpha);
}

TEST(Verdict, ABugThatIsInNoCatalogueIsWrongAndLocated) {
  const Fixture f("llama");
  Outputs y = f.answer;
  y["y"].row(3) *= 1.05;
  const Verdict v = f.judge(y);
  EXPECT_EQ(v.finding, Finding::wrong);
  EXPECT_EQ(v.deviation, "");
  EXPECT_FALSE(v.test.family.empty());
}

TEST(Verdict, WrongGradientsOfARightOutputAreFound) {
  const Fixture f("gpt2", "bfloat16-mixed", true);
  Outputs y = f.answer;
  y["grad.layers.0.attn.q_proj.weight"] *= 2;
  EXPECT_EQ(f.judge(y).finding, Finding::wrong);
}

TEST(Verdict, CoarserThanDeclaredIsToldSo) {
  const Fixture f("llama", "float32", false, Storage::native);
  Question rounded = f.question;
  const Verdict v = f.judge(correct(rounded, Storage::bfloat16));
  EXPECT_EQ(v.finding, Finding::coarser) << v.reason;
  EXPECT_EQ(v.profile, "bfloat16-mixed");
}

// Rounded or truncated, forward and backward, sums in any order; coarser ones do not pass for them.
// Row sums that are taken from the output have its error, which operands of 11 bits make; those of p dp have
// that of dp.
TEST(Verdict, CoarseProductsMayBeSummedFromTheOutput) {
  const Profile& tf32 = find_profile("tf32");
  QuestionSettings s{
      .spec = spec_from_json(parse_json(
          R"({"part":"sdpa","attention":{"n_heads":2,"head_dim":5,"mask":"bidirectional"}})", "test")),
      .batch = 1,
      .tokens = 4,
      .key_tokens = 9,
      .gradients = true};
  for (int seed = 15; seed < 30; ++seed) {
    s.seed = std::uint64_t(seed);
    s.recipe = Recipe(seed % int(names<Recipe>().size()));
    const Question q = question_from(s, tf32);
    const peer::Variant flash{
        .name = "flash", .operands = peer::Operands::tf32, .online_softmax = true, .output_dot = true};
    EXPECT_EQ(Judge(q, tf32).unnamed(peer::answer(q, flash)).finding, Finding::agrees) << seed;
  }
}

TEST(Verdict, ProductsOfTf32AgreeWhereTheyAreDeclared) {
  const Profile& tf32 = find_profile("tf32");
  for (const char* preset : {"gpt2", "llama"})
    for (std::uint64_t seed : {1, 2, 3}) {
      const Question q = question_from(preset, Recipe::rich, tf32, true, seed, 24);
      const Judge declared(q, tf32), float32(q, find_profile("float32"));
      for (const peer::Variant& variant : {peer::Variant{.name = "rounded", .operands = peer::Operands::tf32},
                                           peer::Variant{.name = "cut", .operands = peer::Operands::tf32_cut},
                                           peer::Variant{.name = "flash",
                                           .order = peer::Order::eight_lanes,
                                           .operands = peer::Operands::tf32,
                                           .online_softmax = true,
                                           .output_dot = true},
                                           peer::Variant{.name = "float32"}}) {
        const Verdict v = declared(peer::answer(q, variant));
        EXPECT_EQ(v.finding, Finding::agrees) << preset << " " << variant.name << ": " << describe(v);
      }
      EXPECT_NE(
          float32.unnamed(peer::answer(q, {.name = "rounded", .operands = peer::Operands::tf32})).finding,
          Finding::agrees);
      EXPECT_NE(declared.unnamed(peer::answer(q, {.name = "bfloat16", .operands = peer::Operands::bfloat16}))
                    .finding,
                Finding::agrees);
    }
}

TEST(Verdict, ProductsOfBfloat16AgreeInAProfileOfTheirOwn) {
  const Profile own = profile_from_text(R"({"storage": "float32", "products": "bfloat16"})");
  const Question q = question_from("llama", Recipe::rich, own, true, 1, 24);
  const Verdict v =
      Judge(q, own)(peer::answer(q, {.name = "bfloat16", .operands = peer::Operands::bfloat16}));
  EXPECT_EQ(v.finding, Finding::agrees) << describe(v);
}

TEST(Verdict, WhatOverflowsInCoarserThanDeclaredIsToldSo) {
  Question q = question_from("gpt2", Recipe::ordinary, find_profile("float16-mixed"), false, 1, 16);
  q.inputs.x *= 256;  // squares beyond 65504: float32 has their sum, float16 has not
  Outputs y = correct(q, Storage::float16);
  const Judge judge(q, find_profile("float16-mixed"));
  EXPECT_EQ(judge(y).finding, Finding::agrees);
  y["y"](0, 0) = INFINITY;
  EXPECT_EQ(judge(y).finding, Finding::wrong);
  EXPECT_TRUE(judge(y).reason.ends_with("; correct code in float16, coarser than declared, overflows here"))
      << judge(y).reason;
}

// gelu_tanh where gelu_erf is right, not in the catalogue: float16's errors would hide it, but the others
// here are as small as declared.
TEST(Verdict, ASmallMistakeIsNotCoarserArithmetic) {
  const Profile& profile = find_profile("float16-mixed");
  const Question q = question_from("pre_norm", Recipe::ordinary, profile, true, 1, 32);
  const Deviation& d = find_deviation("activation/tanh-for-erf");
  const Verdict v = Judge(q, profile).unnamed(faulty_answer(q, profile, d, 78), &d);
  EXPECT_EQ(v.finding, Finding::wrong) << describe(v);
  EXPECT_EQ(v.profile, "float16") << describe(v);
}

TEST(Verdict, FinerThanDeclaredAgrees) {
  const Fixture f("llama");
  EXPECT_EQ(f.judge(correct(f.question, Storage::native)).finding, Finding::agrees);
}

TEST(Verdict, WhatIsMissingOrMisshapenIsInvalid) {
  const Fixture f("gpt2");
  EXPECT_EQ(f.judge(Outputs{}).reason, "y: expected a tensor, found none");
  Outputs y = f.answer;
  y["y"] = Matrix<double>::Zero(1, 2);
  EXPECT_EQ(f.judge(y).finding, Finding::invalid);
}

TEST(Verdict, WhatIsNotFiniteIsWrong) {
  const Fixture f("gpt2");
  Outputs y = f.answer;
  for (const double bad : {NAN, INFINITY, -INFINITY}) {
    y["y"](2, 5) = bad;
    const Verdict v = f.judge(y);
    EXPECT_EQ(v.finding, Finding::wrong);
    EXPECT_FALSE(v.is_finite);
    EXPECT_TRUE(describe(v).starts_with("wrong: y[2, 5]: expected ")) << describe(v);
  }
}

TEST(Verdict, EmptyAnswersAreRejected) {
  const Fixture f("gpt2");
  EXPECT_FALSE(f.judge.vacuous().has_value());
  Outputs zero = f.answer;
  zero["y"].setZero();
  EXPECT_NE(f.judge(zero).finding, Finding::agrees);
}

// The key's bias shifts every score of a query alike, so its gradient is 0; nothing gives it a scale. (In
// coarser arithmetic than declared it errs more, but not by 1000.)
TEST(Verdict, ATensorThatIsTrulyZeroIsJudgedByTheMembersAlone) {
  const Fixture f("gpt2", "bfloat16-mixed", true);
  const std::string name = "grad.layers.0.attn.k_proj.bias";
  const auto at = std::find(f.judge.calibration().names().begin(), f.judge.calibration().names().end(), name);
  const int k = int(at - f.judge.calibration().names().begin());
  EXPECT_TRUE(f.judge.calibration().has_no_scale(k));
  Outputs y = f.answer;
  EXPECT_EQ(f.judge(y).finding, Finding::agrees);
  y[name](0, 0) = 1000 * f.judge.calibration().largest_error(k);
  EXPECT_EQ(f.judge(y).finding, Finding::wrong);
}

// What it separates would have been noticed, by its own pattern alone.
TEST(Verdict, WhatAQuestionCannotSeparateIsListed) {
  const Fixture f("gpt2");
  const std::vector<std::string> hidden = f.judge.cannot_separate();
  int separated = 0;
  for (const Deviation& d : deviations()) {
    if (!d.applies_to(f.question.spec) || std::binary_search(hidden.begin(), hidden.end(), d.id)) continue;
    EXPECT_NE(f.judge.unnamed(faulty_answer(f.question, find_profile("float32"), d, 5)).finding,
              Finding::agrees)
        << d.id;
    ++separated;
  }
  EXPECT_GT(separated, 0);
  EXPECT_FALSE(hidden.empty());
}

// However much of it there is: rounding errors may lie in its direction by chance.
TEST(Verdict, ADeviationTooFaintToBeNoticedIsNotLookedFor) {
  const Fixture f("gpt2");
  const double guard_here = guard(f.judge.calibration().profile(), false);
  const Signatures& all = f.judge.signatures();
  int faint = 0;
  for (const Signature& s : all.all()) {
    const Match m = all.loudest(s.difference, guard_here);
    const bool noticeable = s.separation >= all.threshold(guard_here);
    if (noticeable) {
      EXPECT_GE(m.statistic, all.threshold(guard_here)) << s.deviation->id;
    } else {
      EXPECT_NE(m.signature, &s) << s.deviation->id;
    }
    faint += !noticeable;
  }
  EXPECT_GT(faint, 0);
}

// A change of three times the smallest noticed one is noticed. Scores are the first place that y depends on
// in many ways; the block's own answer with a scaled score is another spec.
TEST(Verdict, TheSmallestNoticedChangeIsNoticed) {
  const Fixture f("gpt2");
  const double smallest = f.judge.smallest_noticed().at("layers.0.attn.scores");
  EXPECT_GT(smallest, 0);
  Question q = f.question;
  q.spec.attention.scale.mult = 1 + 3 * smallest;
  EXPECT_EQ(f.judge(correct(q)).finding, Finding::wrong);
  q.spec.attention.scale.mult = 1 + smallest / 100;
  EXPECT_EQ(f.judge(correct(q)).finding, Finding::agrees);
}

TEST(Verdict, InputsThatTheStorageTypeDoesNotHaveAreAnError) {
  Question q = question_from("gpt2", Recipe::rich, find_profile("float32"), false, 1, 16);
  try {
    Judge judge(q, find_profile("bfloat16-mixed"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_TRUE(std::string(e.what()).starts_with("x[0, 0]: expected a number of bfloat16")) << e.what();
  }
}

TEST(Verdict, AnInputOnWhichCorrectCodeOverflowsIsAnError) {
  Question q = question_from("llama", Recipe::ordinary, find_profile("float16-mixed"), false, 1, 16);
  q.inputs.parameters["layers.0.ffn.down_proj.weight"] *= 32768;
  EXPECT_THROW(Judge(q, find_profile("float16-mixed")), Error);
}

}  // namespace
}  // namespace plumbline
