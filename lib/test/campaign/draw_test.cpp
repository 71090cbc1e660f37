// Which questions a run asks: sizes as they were asked for, and by default those at which kernels go wrong.
#include "plumbline/campaign/draw.hpp"
#include "cli/open_spec.hpp"

#include <gtest/gtest.h>

#include "plumbline/campaign/reached.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

constexpr int default_cases = 100;

std::vector<QuestionSettings> drawn(const SpecTemplate& spec, bool gradients = false) {
  const LiveQuestions questions(spec, gradients);
  std::vector<QuestionSettings> out;
  for (int i = 0; i < default_cases; ++i) out.push_back(draw(questions, 1, i).value());
  return out;
}

std::vector<QuestionSettings> drawn(const char* spec, bool gradients = false) {
  return drawn(parse_json(spec, "test"), gradients);
}

template <class Holds>
int count(const std::vector<QuestionSettings>& all, Holds holds) {
  return int(std::count_if(all.begin(), all.end(), holds));
}

std::string error_of(const char* spec) {
  try {
    drawn(spec);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Draw, SizesAreThoseThatAreAskedFor) {
  for (
      const QuestionSettings& q : drawn(
          R"({"part": "sdpa", "attention": {"n_heads": 2, "head_dim": 4}, "T": {"from": 3, "to": 5}, "T_k": 9, "batch": {"one_of": [2, 5]}})")) {
    EXPECT_TRUE(3 <= q.tokens && q.tokens <= 5);
    EXPECT_EQ(q.key_tokens, 9);
    EXPECT_TRUE(q.batch == 2 || q.batch == 5);
  }
}

TEST(Draw, OneOfSeveralSpecsMayHaveSizesOfItsOwn) {
  const auto all = drawn(
      R"({"one_of": [{"part": "norm", "d": 4, "norm": {"kind": "rms_norm"}, "T": 7},
                     {"part": "norm", "d": 9, "norm": {"kind": "rms_norm"}, "T": 11, "batch": 3}]})");
  const auto narrow = [](auto& q) { return q.spec.d == 4 && q.tokens == 7; };
  const auto wide = [](auto& q) { return q.spec.d == 9 && q.tokens == 11 && q.batch == 3; };
  EXPECT_GT(count(all, narrow), 10);
  EXPECT_EQ(count(all, narrow) + count(all, wide), default_cases);
}

TEST(Draw, SizesMayStandAroundTheSpec) {
  cli::BlockOptions none;
  const SpecTemplate t = with_question_sizes(
      parse_json(R"({"spec": {"part": "norm", "d": 5, "norm": {"kind": "rms_norm"}}, "T": 7})", "test"),
      none);
  EXPECT_EQ(draw(LiveQuestions(t, false), 1, 0).value().tokens, 7);
}

TEST(Draw, APresetHasHeadsAndSequencesBeyondATile) {
  cli::BlockOptions options;
  options.preset = "llama";
  const auto all = drawn(cli::template_of(options));
  EXPECT_GT(count(all, [](auto& q) { return q.spec.attention.head_dim > 32; }), 2);
  EXPECT_GT(count(all, [](auto& q) { return q.tokens > 64; }), 1);
  EXPECT_GT(count(all, [](auto& q) { return q.spec.attention.n_heads >= 16; }), 0);
  EXPECT_GT(count(all, [](auto& q) { return q.tokens > 64; }), 0);
  EXPECT_GT(count(all, [](auto& q) { return q.spec.d > 64; }), 0);
}

std::vector<QuestionSettings> drawn_from_file(const std::string& text) {
  cli::BlockOptions options;
  options.spec_file = testing::TempDir() + "plumbline-sizes.json";
  write_bytes(options.spec_file, text);
  return drawn(cli::template_of(options));
}

TEST(Draw, AFileThatNamesAPresetAndNoSizeLeavesSizesOpen) {
  for (const char* preset : {"llama", "gpt2", "bert"})
    for (const char* part : {"stack", "block", "attention", "ffn", "sdpa"}) {
      const auto all =
          drawn_from_file(std::string(R"({"preset": ")") + preset + R"(", "part": ")" + part + "\"}");
      const bool attends = part != std::string("ffn");
      EXPECT_GT(count(all, [&](auto& q) { return attends ? q.spec.attention.head_dim > 32 : q.spec.d > 64; }),
                0)
          << preset << " " << part;
    }
  for (const auto& q : drawn_from_file(
           R"({"preset": "llama", "n_layers": 3, "attention": {"mask": "causal_sliding", "window": 3}})")) {
    EXPECT_EQ(q.spec.attention.mask.window, 3);
    EXPECT_EQ(q.spec.n_layers, 3);
  }
}

TEST(Draw, ManyKeysAreAskedForWhereHeadsAreFixed) {
  const auto all = drawn(
      R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 64, "mask": "causal"}})");
  EXPECT_GT(count(all, [](auto& q) { return q.key_tokens > 16; }), 5);
  EXPECT_GT(count(all, [](auto& q) { return q.key_tokens > 128; }), 0);
}

TEST(Draw, TheWindowBites) {
  for (const char* window : {"4", "512"})
    for (const bool gradients : {false, true}) {
      const auto all = drawn((std::string(R"({"part": "sdpa", "attention": {"n_heads": 4, "head_dim": 8,
                                         "mask": "causal_sliding", "window": )") +
                              window + "}}")
                                 .c_str(),
                             gradients);
      EXPECT_GT(count(all, [](auto& q) { return q.tokens > *q.spec.attention.mask.window; }), 0) << window;
    }
}

TEST(Draw, NormsAreAskedAboutManyRowsAndWideRows) {
  const auto all = drawn(R"({"part": "norm", "d": {"from": 1, "to": 4096}, "norm": {"kind": "rms_norm"}})");
  EXPECT_GT(count(all, [](auto& q) { return q.tokens * q.batch > 1000; }), 0);
  EXPECT_GT(count(all, [](auto& q) { return q.spec.d == 4096; }), 0);
  EXPECT_GT(count(all, [](auto& q) { return q.spec.d == 1; }), 0);
  EXPECT_GT(count(all, [](auto& q) { return q.spec.d == q.tokens * q.batch; }), 0);
}

TEST(Draw, QuestionsForLawsAreSmall) {
  cli::BlockOptions options;
  options.preset = "gpt2";
  const LiveQuestions questions(cli::template_of(options), true);
  for (int i = 0; i < 20; ++i) {
    const QuestionSettings q = draw(questions, 1, first_small_question + i).value();
    EXPECT_LE(q.spec.d, 64);
    EXPECT_LE(q.tokens, 8);
  }
}

TEST(Draw, ShrinksToTheSmallestThatItsTemplateAllows) {
  auto at = draw(LiveQuestions(parse_json(R"({"part": "norm", "d": {"from": 5, "to": 640, "least": 2},
                                              "norm": {"kind": "rms_norm"}, "T": {"from": 3, "to": 600}})",
                                          "test"),
                               false),
                 1, 4);
  while (const auto next = at.shrinks().next()) at = *next;
  EXPECT_EQ(at.value().spec.d, 2);
  EXPECT_EQ(at.value().tokens, 3);
  EXPECT_EQ(at.value().batch, 1);
}

// Once an endless doubling and a division by 0.
TEST(Draw, RangesMayBeAsLargeAsAnInt) {
  for (const char* range : {R"({"from": 1, "to": 2000000000})", R"({"from": 1, "to": 2147483647})"})
    drawn((std::string(R"({"part": "norm", "d": )") + range + R"(, "norm": {"kind": "rms_norm"}})").c_str());
  EXPECT_NE(
      error_of(
          R"({"part": "norm", "d": {"from": -2147483648, "to": 2147483647}, "norm": {"kind": "rms_norm"}})"),
      "no error");
  EXPECT_EQ(
      error_of(R"({"part": "norm", "d": {"from": 1, "to": 5000000000}, "norm": {"kind": "rms_norm"}})"),
      "expected a range of numbers of at most 2147483647 in size, found {\"from\":1,\"to\":5000000000}");
}

TEST(Draw, WhatIsImpossibleIsSaid) {
  EXPECT_EQ(error_of(R"({"part": "norm", "d": 5, "norm": {"kind": "rms_norm"}, "T": 0})"),
            "T: expected a whole number of at least 1, found 0");
  EXPECT_EQ(error_of(R"({"part": "norm", "d": 5, "norm": {"kind": "rms_norm"}, "T_k": 3})"),
            "T_k: expected none, since part is \"norm\"");
  EXPECT_EQ(error_of(R"({"part": "sdpa", "attention": {"n_heads": 2, "head_dim": 4}, "T": 5, "T_k": 3})"),
            "T_k: expected at least T = 5, since the mask is causal, found 3");
}

TEST(Reached, TellsWhatWasAskedAndWhatWasNot) {
  QuestionSettings q{.spec = spec_from_json(parse_json(R"({"part": "sdpa", "attention": {"n_heads": 2,
                                                          "head_dim": 4, "mask": "causal_sliding", "window": 8}})",
                                                       "test")),
                     .tokens = 5,
                     .key_tokens = 6};
  Reached reached;
  reached.add(q);
  q.key_tokens = 8;
  reached.add(q);
  EXPECT_EQ(reached.lines(),
            (std::vector<std::string>{
                "reached batch 1, T 5, keys 6…8, rows 5, 2 heads, heads of 4",
                "not reached: the end of the window: no sequence is longer than it; 64 tokens "
                "or more; 64 keys or more; heads of 64 channels or more"}));
  q.tokens = q.key_tokens.emplace(28);
  reached.add(q);
  EXPECT_EQ(reached.lines().front(),
            "reached batch 1, T 5…28, keys 6…28, rows 5…28, 2 heads, heads of 4, 3.5 × the window");
}

}  // namespace
}  // namespace plumbline
