// The client against the library: what one writes the other reads.
#include "plumbline/serve.hpp"

#include <gtest/gtest.h>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/number/rounding.hpp"

namespace plumbline {
namespace {

Request request(const char* profile) {
  const Profile& p = find_profile(profile);
  return {"a \"case\"", p, question_from("llama", Recipe::rich, p, true, 1, 16)};
}

TEST(CppClient, ReadsWhatTheLibraryAsks) {
  for (const char* profile : {"float64", "float32", "bfloat16-mixed", "float16-mixed"}) {
    const Request asked = request(profile);
    const Container sent = to_container(asked);
    const client::Request read = client::detail::request_from(to_bytes(sent));
    EXPECT_EQ(read.id, asked.id);
    EXPECT_TRUE(read.gradients);
    EXPECT_EQ(read.spec["d"].number(), asked.question.spec.d);
    ASSERT_EQ(read.tensors.size(), sent.tensors.size());
    for (const auto& [name, t] : sent.tensors) {
      EXPECT_EQ(read.at(name).shape, t.shape);
      const std::vector<double> numbers = read.at(name).numbers<double>();
      for (std::int64_t i = 0; i < t.size(); ++i) EXPECT_EQ(numbers[std::size_t(i)], t[i]) << name;
    }
  }
}

TEST(CppClient, RefusesAnotherProtocol) {
  EXPECT_STREQ(client::protocol, protocol_version);
  Container sent = to_container(request("float32"));
  sent.metadata["plumbline"] = "2";
  try {
    client::detail::request_from(to_bytes(sent));
    FAIL() << "expected an error";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "the protocol: expected 1, found 2");
  }
}

// Every float16 and bfloat16 comes back as it was; and so does what lies between two of them, rounded as the
// library rounds.
TEST(CppClient, RoundsAsTheLibraryDoes) {
  for (const auto& [dtype, word] : {std::pair{Dtype::f16, "F16"}, std::pair{Dtype::bf16, "BF16"}})
    for (int bits = 0; bits < 0x8000; ++bits) {
      const auto code = std::uint16_t(bits);
      const client::Tensor t{word, {1}, std::string(reinterpret_cast<const char*>(&code), 2)};
      const double x = t.numbers<double>()[0];
      if (!std::isfinite(x)) continue;
      for (const double y : {x, -x, x * (1 + 0x1p-9), x * (1 + 0x1p-12), x * (1 - 0x1p-9 + 0x1p-40)}) {
        if (y == 0) continue;  // the library's zero has no sign
        const std::vector<std::uint16_t> found = client::detail::each<std::uint16_t, std::uint16_t>(
            client::Tensor::of(std::vector{y}, word, {1}).bytes);
        EXPECT_EQ(found.at(0), encode(rounded(End(y), dtype), dtype)) << word << " " << y;
      }
    }
}

TEST(CppClient, TheLibraryReadsWhatItAnswers) {
  const Request asked = request("bfloat16-mixed");
  const auto implementation = [](const client::Request& r) {
    client::Answer a{{"y", r.at("x")}};
    for (const auto& [name, t] : r.tensors)
      if (name != "grad.y") a["grad." + name] = t;
    return a;
  };
  const std::string reply = client::detail::reply(implementation, to_bytes(to_container(asked)));
  const Answer answer = answer_from(from_bytes(reply, "answer"), asked.question, asked.profile);
  ASSERT_EQ(answer.kind, Answer::Kind::outputs) << answer.reason;
  EXPECT_EQ(answer.outputs.at("y"), asked.question.inputs.x);
}

TEST(CppClient, WhatIsThrownIsAnAnswer) {
  const Request asked = request("float32");
  const auto refused = [&](auto implementation) {
    const std::string reply = client::detail::reply(implementation, to_bytes(to_container(asked)));
    return answer_from(from_bytes(reply, "answer"), asked.question, asked.profile);
  };
  const Answer no =
      refused([](const client::Request&) -> client::Answer { throw client::Unsupported("no rope"); });
  EXPECT_EQ(no.kind, Answer::Kind::unsupported);
  EXPECT_EQ(no.reason, "no rope");
  const Answer broken = refused([](const client::Request& r) -> client::Answer {
    return {{"y", r.at("nothing")}};
  });
  EXPECT_EQ(broken.kind, Answer::Kind::invalid);
  EXPECT_NE(broken.reason.find("expected a tensor"), std::string::npos) << broken.reason;
}

TEST(CppClient, JsonIsReadOrRefused) {
  const client::Json j = client::Json::parse(R"({"a": [1, -2.5e3, true, null], "b\n": {"c": "\u0041\"\\"}})");
  EXPECT_EQ(j["a"].items()[1].number(), -2500);
  EXPECT_TRUE(j["a"].items()[3].is_null());
  EXPECT_EQ(j["b\n"]["c"].text(), "A\"\\");
  for (const char* bad : {"", "{", "[1,", "{\"a\" 1}", "nul", "\"open", "1 2", "[1}"})
    EXPECT_THROW(client::Json::parse(bad), std::exception) << bad;
}

}  // namespace
}  // namespace plumbline
