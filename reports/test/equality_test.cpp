// The record of transformers' layers in, a page out; a verdict that nothing explains is seen.
#include "reports/conformance/equality_page.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "plumbline/base/error.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::reports {
namespace {

const char* two_rows = R"({"rows": [
{"model": "llama", "class": "LlamaDecoderLayer", "layers": "each", "dtype": "float32", "attention": "eager",
 "gradients": true, "verdict": "agrees", "judged": 1, "change": 7.9e-07, "place": "y", "shown": 3, "mistakes": 4,
 "transformers": "5.24.0", "torch": "2.15", "rule": "abc", "machine": "a machine"},
{"model": "gpt2", "class": "GPT2Block", "layers": "each", "dtype": "bfloat16", "attention": "eager",
 "gradients": true, "verdict": "coarser", "judged": 2, "said": "coarser: activation/by-operations",
 "transformers": "5.24.0", "torch": "2.15", "rule": "abc", "machine": "a machine"}]})";

std::string page_with(const std::string& reasons, const std::string& rows = two_rows) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("plumbline-equality-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  write_bytes((folder / "record.json").string(), rows);
  write_bytes((folder / "reasons.json").string(), reasons);
  return equality_pages(read_equality(folder)).at(0).text;
}

bool has(const std::string& text, const std::string& what) { return text.find(what) != text.npos; }

TEST(Equality, ThePageCountsVerdictsAndShowsTheLeastChange) {
  const std::string page = page_with("[]");
  EXPECT_TRUE(has(page, "2 classes of layers in 2 configurations: 2 verdicts, of which 1 are `agrees`"));
  EXPECT_TRUE(has(page, "agrees (7.9e-07)"));
  EXPECT_TRUE(has(page, "transformers 5.24.0, torch 2.15, on a machine; judged by rule abc"));
}

TEST(Equality, AVerdictIsExplainedOrSeen) {
  EXPECT_TRUE(has(page_with("[]"), "**not explained**"));
  const std::string page =
      page_with(R"([{"model": "gpt2", "says": "by-operations", "why": "It rounds each operation."}])");
  EXPECT_FALSE(has(page, "**not explained**"));
  EXPECT_TRUE(has(page, "It rounds each operation."));
}

// Red where what a class does not have counts as a verdict.
TEST(Equality, AnAttentionThatAClassDoesNotHaveIsNoVerdict) {
  std::string rows = two_rows;
  const std::string said = "coarser: activation/by-operations", judged = "\"judged\": 2, ";
  rows.replace(rows.find(said), said.size(), "its class has no such attention");
  rows.replace(rows.find(judged), judged.size(), "");
  const std::string page = page_with("[]", rows);
  EXPECT_TRUE(has(page, "has none"));
  EXPECT_FALSE(has(page, "**not explained**"));
  EXPECT_TRUE(has(page, "1 verdicts, of which 1 are `agrees`"));
}

TEST(Equality, WhatIsNoRecordIsRefused) { EXPECT_THROW(page_with("{\"a\""), Error); }

}  // namespace
}  // namespace plumbline::reports
