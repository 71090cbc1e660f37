// What a question says of its keys: what is refused, what a query that sees no key gives, how it is drawn,
// and how it travels.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/cases/vacuity.hpp"
#include "plumbline/exchange/exchange.hpp"

namespace plumbline {
namespace {

BlockSpec given_spec(const std::string& part, const std::string& given, const std::string& mask = "causal") {
  return spec_from_json(
      parse_json(R"({"part": ")" + part + R"(", "attention": {"n_heads": 2, "head_dim": 2, "mask": ")" +
                     mask + R"(", "given": )" + given + "}" + (part == "sdpa" ? "" : R"(, "d": 4)") + "}",
                 "test"));
}

std::string refusal(const std::string& part, const std::string& given) {
  try {
    given_spec(part, given);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(GivenMask, WhatMakesNoSenseIsRefused) {
  EXPECT_EQ(refusal("sdpa", "{}"),
            "spec.attention.given: expected a mask, lengths, segments or a past, found none of them");
  EXPECT_EQ(refusal("stack", R"({"past": 2})"),
            "spec.attention.given.past: expected 0, since part is \"stack\", which fills no cache");
  EXPECT_EQ(refusal("attention", R"({"past": 2, "segments": true})"),
            "spec.attention.given.past: expected 0, since there are segments");
  EXPECT_EQ(
      refusal("sdpa", R"({"past": 2, "lengths": true})"),
      "spec.attention.given.past: expected 0, since part is \"sdpa\" and there are lengths: they say where "
      "the last query stands");
}

// Two queries of one sequence, the first of which sees no key.
Question with_an_empty_row(const std::string& empty_rows) {
  Question q{
      given_spec("sdpa", R"({"mask": "boolean", "empty_rows": ")" + empty_rows + "\"}", "bidirectional"), {}};
  q.inputs.x = q.inputs.cotangent = Matrix<double>::Ones(2, 4);
  for (const char* name : {"k", "v"}) q.inputs.parameters[name] = Matrix<double>::Constant(3, 4, 0.5);
  q.inputs.parameters["mask"] = Matrix<double>::Zero(2, 3);
  q.inputs.parameters["mask"](1, 2) = 1;
  return q;
}

TEST(GivenMask, AQueryThatSeesNoKeyIsRefusedOrHasNoWeights) {
  const Question refused = with_an_empty_row("refused"), zeros = with_an_empty_row("zeros");
  try {
    evaluate(refused.spec, refused.inputs.parameters, refused.inputs.x);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(
        e.what(),
        "attention: the mask hides all 3 keys from query 0 of 2: a softmax over no key has no value");
  }
  const auto g = gradients(zeros.spec, zeros.inputs.parameters, zeros.inputs.x, zeros.inputs.cotangent);
  EXPECT_EQ(g.y.row(0).cwiseAbs().sum(), 0);
  EXPECT_EQ(g.y(1, 0), 0.5);
  EXPECT_EQ(g.x.row(0).cwiseAbs().sum(), 0);
  EXPECT_FALSE(g.parameters.contains("mask"));
}

TEST(GivenMask, QuestionsAreDrawnSoThatEachQuerySeesAKey) {
  const Profile& profile = find_profile("bfloat16-mixed");
  for (const char* part : {"sdpa", "attention", "stack"})
    for (const char* mask : {"causal", "bidirectional"})
      for (const char* given :
           {R"({"mask": "boolean", "mask_over": "sequences_and_heads", "lengths": true, "segments": true})",
            R"({"mask": "boolean", "mask_over": "heads"})", R"({"mask": "additive", "lengths": true})"})
        for (std::uint64_t seed = 1; seed < 20; ++seed) {
          QuestionSettings s{
              .spec = given_spec(part, given, mask), .gradients = true, .recipe = Recipe::rich, .seed = seed};
          s.batch = 2, s.tokens = 4;
          if (has_own_keys(s.spec)) s.key_tokens = 5;
          const Question q = question_from(s, profile);
          EXPECT_NO_THROW(evaluate(q.spec, q.inputs.parameters, q.inputs.x, q.batch))
              << part << mask << given << seed;
          EXPECT_NO_THROW(check_representable(q.inputs, profile));
        }
}

TEST(GivenMask, TravelsAsWhatItIs) {
  QuestionSettings s{
      .spec = given_spec("sdpa",
                         R"({"mask": "boolean", "mask_over": "heads", "lengths": true, "segments": true})"),
      .gradients = true,
      .seed = 1};
  s.batch = 2, s.tokens = 3, s.key_tokens = 5;
  const Profile& profile = find_profile("float16-mixed");
  const Question q = question_from(s, profile);
  const Container c = to_container(Request{"case", profile, q});
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(c.tensors.at("mask").dtype, Dtype::boolean);
  EXPECT_EQ(c.tensors.at("mask").shape, (Shape{1, 2, 3, 5}));
  EXPECT_EQ(c.tensors.at("key_lengths").dtype, Dtype::i64);
  EXPECT_EQ(c.tensors.at("key_lengths").shape, (Shape{2}));
  EXPECT_EQ(c.tensors.at("q_segments").shape, (Shape{2, 3}));
  EXPECT_EQ(c.tensors.at("k_segments").shape, (Shape{2, 5}));
  const Question read = request_from(c, "test").question;
  EXPECT_EQ(read.inputs.parameters, q.inputs.parameters);
  for (const ExchangedTensor& t : answer_tensors(q.spec, {2, 3, 5}, true))
    EXPECT_FALSE(t.name.starts_with("grad.") && is_given_mask(t.name.substr(5))) << t.name;
}

// Red where an empty answer has the channels of queries.
TEST(ValueHeads, EmptyAnswersHaveTheirWidth) {
  for (const int width : {1, 3}) {
    QuestionSettings s{.spec = given_spec("sdpa", R"({"lengths": true})", "bidirectional"), .seed = 1};
    s.spec.attention.v_head_dim = width;
    s.tokens = 3, s.key_tokens = 4;
    const Question q = question_from(s, find_profile("float32"));
    const Outputs exact{{"y", evaluate(q.spec, q.inputs.parameters, q.inputs.x)}};
    EXPECT_EQ(exact.at("y").cols(), 2 * width);
    for (const EmptyAnswer& e : empty_answers(q, exact))
      EXPECT_EQ(e.outputs.at("y").cols(), 2 * width) << e.name;
  }
}

TEST(GivenMask, ALengthBeyondTheKeysIsRefused) {
  QuestionSettings s{.spec = given_spec("sdpa", R"({"lengths": true})", "bidirectional"), .seed = 1};
  s.tokens = 3, s.key_tokens = 5;
  const Profile& profile = find_profile("float32");
  Question q = question_from(s, profile);
  q.inputs.parameters["key_lengths"](0, 0) = 6;
  try {
    request_from(to_container(Request{"case", profile, q}), "q.safetensors");
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(
        e.what(),
        "q.safetensors: tensor \"key_lengths\": entry 0: expected a length from 0 to 5 keys, found 6");
  }
}

}  // namespace
}  // namespace plumbline
