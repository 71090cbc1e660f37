// Answers of independent code that is right but for its arithmetic.
#include "plumbline/naming/arithmetic.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/naming/diagnosis.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

const char* const wide_heads =
    R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 32, "mask": "causal"}})";
const char* const wide_gated =
    R"({"part": "ffn", "d": 96, "ffn": {"kind": "glu", "activation": "silu", "d_ff": 128}})";

// Three answers of the peer, what is done to them, and what they are called.
struct PeerAnswers {
  std::vector<Request> requests;
  std::vector<Outputs> outputs;
  std::vector<Verdict> verdicts;

  PeerAnswers(
      const char* spec, const peer::Variant& variant, bool gradients = false,
      const std::function<void(Matrix<double>&)>& change = [](auto&) {}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const QuestionSettings s{.spec = spec_from_json(parse_json(spec, "test")),
                               .tokens = int(20 + 10 * seed),
                               .gradients = gradients,
                               .seed = seed};
      requests.push_back({"case", find_profile("float32"), question_from(s, find_profile("float32"))});
      outputs.push_back(peer::answer(requests.back().question, variant));
      change(outputs.back()["y"]);
      verdicts.push_back(Judge(requests.back().question, find_profile("float32"))(outputs.back()));
    }
  }

  std::vector<Diagnosis> diagnoses() const {
    std::vector<Evidence> evidence;
    for (std::size_t i = 0; i < requests.size(); ++i)
      evidence.push_back({&requests[i], &outputs[i], &verdicts[i]});
    return diagnose(evidence);
  }
  std::string name() const {
    const auto all = diagnoses();
    return all.empty() || !all.front().alternative ? "" : all.front().alternative->id;
  }
};

peer::Variant multiplying(peer::Operands operands) { return {.name = "coarse", .operands = operands}; }

TEST(Arithmetic, CoarseProductsAreNamed) {
  using peer::Operands;
  for (const char* spec : {wide_heads, wide_gated}) {
    EXPECT_EQ(PeerAnswers(spec, multiplying(Operands::tf32)).name(), "arithmetic/tf32-products");
    EXPECT_EQ(PeerAnswers(spec, multiplying(Operands::tf32_cut)).name(), "arithmetic/tf32-products");
    EXPECT_EQ(PeerAnswers(spec, multiplying(Operands::bfloat16)).name(), "arithmetic/bfloat16-products");
  }
  EXPECT_EQ(PeerAnswers(wide_gated, multiplying(Operands::tf32), true).name(), "arithmetic/tf32-products");
}

TEST(Arithmetic, IsCoarserAndNotWrong) {
  const auto found = PeerAnswers(wide_heads, multiplying(peer::Operands::tf32)).diagnoses();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().finding(), Finding::coarser);
  EXPECT_EQ(found.front().cases.size(), 3u);
}

// As attention does it that keeps a running maximum: other operands are rounded.
TEST(Arithmetic, OfProductsThatAreOrderedOtherwise) {
  const peer::Variant flash{.name = "flash",
                            .order = peer::Order::eight_lanes,
                            .operands = peer::Operands::tf32,
                            .online_softmax = true,
                            .output_dot = true,
                            .divides_at_end = true};
  EXPECT_EQ(PeerAnswers(wide_heads, flash).name(), "arithmetic/tf32-products");
}

// Where errors go: towards 0.
TEST(Arithmetic, TruncatedSumsAreNamed) {
  const peer::Variant truncating{.name = "truncating", .order = peer::Order::truncated};
  for (const char* spec : {wide_heads, wide_gated})
    EXPECT_EQ(PeerAnswers(spec, truncating).name(), "arithmetic/truncated-sums") << spec;
}

// A mistake as small as the errors of coarser arithmetic is none of its errors.
TEST(Arithmetic, ASmallMistakeIsNoArithmetic) {
  const auto name_of = [](const std::function<void(Matrix<double>&)>& change) {
    return PeerAnswers(wide_gated, {.name = "eager"}, false, change).name();
  };
  for (double factor : {1 - 0x1p-19, 1 - 0x1p-12, 1 + 0x1p-12})
    EXPECT_FALSE(name_of([=](auto& y) { y *= factor; }).starts_with("arithmetic/")) << factor;
  for (double factor : {1 + 0x1p-12, 1.01, 1.1})
    EXPECT_FALSE(name_of([=](auto& y) { y.col(0) *= factor; }).starts_with("arithmetic/")) << factor;
}

}  // namespace
}  // namespace plumbline
