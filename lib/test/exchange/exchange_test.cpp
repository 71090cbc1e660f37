#include "plumbline/exchange/exchange.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"

namespace plumbline {
namespace {

Request request(std::string_view profile = "bfloat16-mixed", bool gradients = true) {
  const Profile& p = find_profile(profile);
  return {"llama/7", p, question_from("llama", Recipe::rich, p, gradients, 7, 16)};
}

Container answer(const Request& r) {
  return to_container(peer::answer(r.question, {.name = "eager", .storage = peer::Storage::bfloat16}),
                      r.question, r.profile);
}

std::string what_is_wrong(const std::function<void(Container&)>& change) {
  const Request r = request();
  Container c = answer(r);
  change(c);
  const Answer a = answer_from(c, r.question, r.profile);
  EXPECT_EQ(a.kind, Answer::Kind::invalid);
  EXPECT_TRUE(a.outputs.empty());
  return a.reason;
}

std::string refusal(const std::function<void(Container&)>& change) {
  Container c = to_container(request());
  change(c);
  try {
    request_from(c, "file");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Exchange, ARequestReadsBackAsTheSameQuestion) {
  for (const char* profile : {"float64", "float32", "bfloat16-mixed", "float16"})
    for (bool gradients : {false, true}) {
      const Request r = request(profile, gradients);
      const Request back = request_from(from_bytes(to_bytes(to_container(r)), "pipe"), "pipe");
      EXPECT_EQ(back.id, r.id);
      EXPECT_EQ(back.profile, r.profile);
      EXPECT_EQ(back.question.spec, r.question.spec);
      EXPECT_EQ(back.question.batch, r.question.batch);
      EXPECT_EQ(back.question.gradients, gradients);
      EXPECT_EQ(back.question.inputs.x, r.question.inputs.x);
      EXPECT_EQ(back.question.inputs.parameters, r.question.inputs.parameters);
      EXPECT_EQ(back.question.inputs.cotangent == r.question.inputs.cotangent, gradients);
    }
}

// Programs without a JSON library search for it.
TEST(Exchange, AHeaderHasNoSpaceBetweenItsSigns) {
  const std::string bytes = to_bytes(to_container(request()));
  const std::string header = bytes.substr(8, 65536);
  EXPECT_NE(header.find("\"x\":{\"data_offsets\":["), header.npos);
  EXPECT_NE(header.find("],\"dtype\":\"BF16\",\"shape\":["), header.npos);
}

TEST(Exchange, ARequestHasTheNamesAndShapesOfTheProtocol) {
  const Request r = request();
  const Container c = to_container(r);
  const auto& q = r.question;
  const std::int64_t d = q.spec.d, width = q.spec.attention.n_heads * q.spec.attention.head_dim;
  EXPECT_EQ(c.metadata.at("plumbline"), "1");
  EXPECT_EQ(c.metadata.at("case"), "llama/7");
  EXPECT_EQ(c.metadata.at("profile"), "bfloat16-mixed");
  EXPECT_EQ(c.metadata.at("want"), "y,grads");
  EXPECT_EQ(c.metadata.at("outputs"), "y");
  EXPECT_EQ(spec_from_json(parse_json(c.metadata.at("spec"), "spec")), q.spec);
  EXPECT_EQ(c.tensors.at("x").shape, (std::vector<std::int64_t>{q.batch, q.inputs.x.rows() / q.batch, d}));
  EXPECT_EQ(c.tensors.at("grad.y").shape, c.tensors.at("x").shape);
  EXPECT_EQ(c.tensors.at("layers.0.attn.q_proj.weight").shape, (std::vector<std::int64_t>{width, d}));
  EXPECT_EQ(c.tensors.at("layers.0.attn.norm_in.weight").shape, (std::vector<std::int64_t>{d}));
  for (const auto& [name, t] : c.tensors) EXPECT_EQ(t.dtype, Dtype::bf16) << name;
}

// The same numbers come back, and what the protocol calls by name has the protocol's shape.
void expect_round_trip(const CaseSettings& settings,
                       const std::vector<std::pair<const char*, std::vector<std::int64_t>>>& in,
                       const std::vector<std::pair<const char*, std::vector<std::int64_t>>>& out) {
  const Profile& p = find_profile("float32");
  const Request r{"part", p, {settings.spec, inputs_of(settings), settings.batch, true}};
  const Container c = to_container(r);
  for (const auto& [name, shape] : in) EXPECT_EQ(c.tensors.at(name).shape, shape) << name;
  EXPECT_EQ(c.tensors.size(), in.size());
  const Question back = request_from(c, "pipe").question;
  EXPECT_EQ(back.inputs.x, r.question.inputs.x);
  EXPECT_EQ(back.inputs.parameters, r.question.inputs.parameters);
  EXPECT_EQ(back.inputs.cotangent, r.question.inputs.cotangent);

  const auto g = gradients<float>(back.spec, cast<float>(back.inputs.parameters), cast<float>(back.inputs.x),
                                  cast<float>(back.inputs.cotangent), back.batch);
  Outputs y{{"y", cast<double>(g.y)}, {output_names(back)[1], cast<double>(g.x)}};
  for (const auto& [name, value] : g.parameters) y["grad." + name] = cast<double>(value);
  const Container answer = to_container(y, back, p);
  for (const auto& [name, shape] : out) EXPECT_EQ(answer.tensors.at(name).shape, shape) << name;
  EXPECT_EQ(answer.tensors.size(), out.size());
  EXPECT_EQ(answer_from(answer, back, p).outputs, y);
}

TEST(Exchange, AddNormHasTwoInputsAndTwoOutputs) {
  const Json json = {
      {"part", "add_norm"}, {"d", 5}, {"norm", {{"kind", "layer_norm"}}}, {"layout", "pre_norm"}};
  expect_round_trip({.spec = spec_from_json(json), .tokens = 3, .batch = 2},
                    {{"x", {2, 3, 5}},
                     {"residual", {2, 3, 5}},
                     {"norm.weight", {5}},
                     {"norm.bias", {5}},
                     {"grad.y", {2, 3, 5}},
                     {"grad.sum", {2, 3, 5}}},
                    {{"y", {2, 3, 5}},
                     {"sum", {2, 3, 5}},
                     {"grad.x", {2, 3, 5}},
                     {"grad.residual", {2, 3, 5}},
                     {"grad.norm.weight", {5}},
                     {"grad.norm.bias", {5}}});
}

TEST(Exchange, SdpaHasHeadsAndMoreKeysThanQueries) {
  const Json json = {{"part", "sdpa"}, {"attention", {{"n_heads", 4}, {"n_kv_heads", 2}, {"head_dim", 3}}}};
  expect_round_trip(
      {.spec = spec_from_json(json), .tokens = 3, .batch = 2, .key_tokens = 5},
      {{"q", {2, 3, 4, 3}}, {"k", {2, 5, 2, 3}}, {"v", {2, 5, 2, 3}}, {"grad.y", {2, 3, 4, 3}}},
      {{"y", {2, 3, 4, 3}}, {"grad.q", {2, 3, 4, 3}}, {"grad.k", {2, 5, 2, 3}}, {"grad.v", {2, 5, 2, 3}}});
}

TEST(Exchange, ADeclaredProfileTravelsInFull) {
  Request r = request();
  r.profile.name = "mine";
  r.profile.statistics = Dtype::bf16;
  EXPECT_EQ(request_from(to_container(r), "pipe").profile, r.profile);
}

TEST(Exchange, AnAnswerReadsBack) {
  const Request r = request();
  const Outputs y = peer::answer(r.question, {.name = "eager", .storage = peer::Storage::bfloat16});
  const Answer a = answer_from(to_container(y, r.question, r.profile), r.question, r.profile);
  EXPECT_EQ(a.kind, Answer::Kind::outputs);
  EXPECT_EQ(a.outputs, y);
}

TEST(Exchange, WhatIsWrongWithAnAnswerIsSaidInOneLine) {
  const std::string y = [] {
    const auto& q = request().question;
    return "BF16 [2, " + std::to_string(q.inputs.x.rows() / 2) + ", " + std::to_string(q.spec.d) + "]";
  }();
  EXPECT_EQ(what_is_wrong([](Container& c) { c.tensors.erase("y"); }),
            "tensor \"y\": expected " + y + ", found none");
  EXPECT_EQ(what_is_wrong([](Container& c) {
              c.tensors["y"].shape = {2, 1};
            }),
            "tensor \"y\": expected " + y + ", found BF16 [2, 1]");
  EXPECT_EQ(what_is_wrong([](Container& c) { c.tensors["y"].dtype = Dtype::f16; }),
            "tensor \"y\": expected " + y + ", found F16" + y.substr(4));
  EXPECT_EQ(what_is_wrong([](Container& c) {
              c.tensors["y2"] = {Dtype::f32, {0}, ""};
            }),
            "tensor \"y2\": expected no such tensor, found F32 [0]");
  EXPECT_EQ(what_is_wrong([](Container& c) { c.metadata["error"] = "no\nmemory"; }),
            "the implementation reports: no\\nmemory");
}

TEST(Exchange, UnsupportedIsNotInvalid) {
  Container c;
  c.metadata["unsupported"] = "softcap";
  const Request r = request();
  const Answer a = answer_from(c, r.question, r.profile);
  EXPECT_EQ(a.kind, Answer::Kind::unsupported);
  EXPECT_EQ(a.reason, "softcap");
}

TEST(Exchange, AMalformedRequestIsRefusedInOneLine) {
  EXPECT_EQ(refusal([](Container& c) { c.metadata["plumbline"] = "2"; }),
            "file: __metadata__: key \"plumbline\": expected \"1\", found \"2\"");
  EXPECT_EQ(refusal([](Container& c) { c.metadata.erase("case"); }),
            "file: __metadata__: expected the key \"case\", found none");
  EXPECT_EQ(refusal([](Container& c) { c.metadata["want"] = "x"; }),
            "file: __metadata__: key \"want\": expected \"y\" or \"y,grads\", found \"x\"");
  EXPECT_EQ(refusal([](Container& c) { c.metadata["profile"] = "bfloat16-mixd"; }).substr(0, 6), "file: ");
  EXPECT_EQ(
      refusal([](Container& c) { c.tensors.erase("x"); }),
      "file: tensor \"x\": expected [B, T, " + std::to_string(request().question.spec.d) + "], found none");
  EXPECT_NE(refusal([](Container& c) { c.tensors.erase("layers.0.attn.q_proj.weight"); }), "");
  EXPECT_NE(refusal([](Container& c) { c.tensors["x"].bytes.replace(0, 2, "\x80\x7f"); }).find("entry 0"),
            std::string::npos);
  EXPECT_NE(refusal([](Container& c) {
              Json spec = parse_json(c.metadata["spec"], "spec");
              spec["n_layers"] = 1000000000;
              c.metadata["spec"] = spec.dump();
            }).find("spec.n_layers"),
            std::string::npos);
}

}  // namespace
}  // namespace plumbline
