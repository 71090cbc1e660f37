// Records in, pages out; what nobody can explain is seen.
#include "reports/conformance/conformance_page.hpp"

#include <gtest/gtest.h>

#include "plumbline/base/error.hpp"
#include "plumbline/io/file.hpp"
#include "reports/conformance/cells.hpp"
#include "reports/conformance/framework_page.hpp"

namespace plumbline::reports {
namespace {

const char* subject = R"({"id": "torch/layer_norm", "what": "F.layer_norm", "gradients": true, "seed": 1,
  "framework": "PyTorch", "package": "torch", "version": "2.0", "date": "2026-01-02", "machine": "a machine",
  "runs": [{"spec": "layer_norm", "profile": "float32", "rule": "abc", "reached": "d 5…64", "cases": {"agrees": 3}, "laws": {"holds": 2},
            "unjudged": [], "failures": [], "stopped": null},
           {"spec": "layer_norm", "profile": "bfloat16", "rule": "abc", "reached": "d 7…9", "cases": {"agrees": 1, "coarser": 1, "skipped": 1},
            "laws": {}, "unjudged": [{"why": "skipped: no bias", "cases": 1}], "stopped": null,
            "failures": [{"headline": "coarser: right in float16, all of grad.x",
           "cases" : 1, "smallest" : "d=5"
}]
}]
})";
const char* finding = R"({"id": "sums", "package": "torch", "title": "Sums, in 16 bits", "text": "So it is.",
  "language": "python", "program": "print(1)\n", "output": "1\n", "framework": "PyTorch", "version": "2.0",
  "date": "2026-01-02", "machine": "a machine",
  "explains": [{"subject": "torch/layer_norm", "profiles": ["bfloat16"], "says": [["right in float16", "grad.x"]]}]})";

class Conformance : public testing::Test {
 protected:
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      ("plumbline-records-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
  void SetUp() override {
    std::filesystem::create_directories(folder / "findings");
    put("layer_norm.json", subject);
    put("findings/sums.json", finding);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void put(const char* name, const std::string& text) { write_bytes((folder / name).string(), text); }
  std::string found(int run) const {
    const ConformanceRecords r = read_conformance(folder);
    return found_cell(r, r.subjects.at(0), r.subjects.at(0).runs.at(run),
                      [](const FrameworkFinding&) { return "t.md"; });
  }
};

TEST_F(Conformance, AFailureIsExplainedByAFinding) {
  EXPECT_EQ(found(0), "");
  EXPECT_EQ(found(1), "[1](t.md#1-sums-in-16-bits)");
}

TEST_F(Conformance, OnnxsOwnTestsAreCountedByOperator) {
  put("node_tests.json", R"({"run": {"version": "1.2", "date": "2026-01-02"}, "tests": [
    {"operator": "Gelu", "outcome": "agrees", "profile": "float32", "damaged": 4, "rejected": 3},
    {"operator": "Gelu", "outcome": "wrong", "profile": "float16", "damaged": 4, "rejected": 4}],
    "unexpressed": [{"operator": "Scan", "why": "none"}]})");
  EXPECT_NE(node_tests_section(read_conformance(folder).node_tests)
                .find("| operator | tests | expressed | agree | damaged, rejected | other verdicts | not "
                      "expressed, and why |\n"
                      "|:--|--:|--:|--:|--:|:--|:--|\n"
                      "| Gelu | 2 | 2 | 1 | 7 of 8 | wrong in float16: 1 |  |\n"
                      "| Scan | 1 | 0 | 0 | 0 of 0 |  | none: 1 |\n"
                      "| all | 3 | 2 | 1 | 7 of 8 | wrong in float16: 1 | none: 1 |\n"),
            std::string::npos);
}

TEST_F(Conformance, WhatNoFindingExplainsIsSeen) {
  std::filesystem::remove_all(folder / "findings");
  EXPECT_EQ(found(1), "**not explained**");
}

// A failure in the same profile that says something else is another one.
TEST_F(Conformance, AnotherFailureIsNotExplained) {
  std::string elsewhere = subject;
  elsewhere.replace(elsewhere.find("grad.x"), 6, "grad.w");
  put("layer_norm.json", elsewhere);
  EXPECT_EQ(found(1), "**not explained**");
}

TEST_F(Conformance, ARunThatJudgedNothingIsSeen) {
  std::string nothing = subject;
  nothing.replace(nothing.find(R"({"agrees": 3})"), 13, R"({"skipped": 3})");
  put("layer_norm.json", nothing);
  EXPECT_EQ(found(0), "not computed");
}

TEST_F(Conformance, TheOverviewCounts) {
  const ConformanceRecords r = read_conformance(folder);
  EXPECT_EQ(conformance_summary(r), "1 operations of 1 frameworks, 5 answers judged, 1 findings");
  const Pages pages = conformance_pages(r);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[1].name, "conformance/torch.md");
  const std::string row =
      "| F.layer_norm; with gradients | layer_norm in bfloat16 | 1 agrees, 1 coarser, 1 skipped |  | "
      "[1](conformance/torch.md#1-sums-in-16-bits) |\n";
  EXPECT_NE(pages[0].text.find(row), std::string::npos) << pages[0].text;
}

TEST_F(Conformance, AFrameworksPageShowsTheProgramAndWhatItPrints) {
  const std::string page = framework_page(read_conformance(folder), "torch");
  EXPECT_NE(
      page.find(
          "## 1. Sums, in 16 bits\n\nSo it is.\n\n```python\nprint(1)\n```\n\nprints, with PyTorch 2.0, on "
          "2026-01-02, on a machine:\n\n```\n1\n```\n"),
      std::string::npos)
      << page;
}

TEST_F(Conformance, AnEditedRecordIsNamed) {
  put("layer_norm.json", R"({"id": "torch/layer_norm"})");
  try {
    read_conformance(folder);
    FAIL() << "expected an error";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find((folder / "layer_norm.json").string() + ": not a record"), 0U)
        << e.what();
  }
}

// Of what is published, somebody found out who is wrong.
TEST(ConformanceRecords, EveryFailureIsExplained) {
  const ConformanceRecords r = read_conformance(conformance_folder());
  for (const FrameworkPart& s : r.subjects)
    for (const ConformanceRun& run : s.runs)
      for (const ConformanceFailure& f : run.failures)
        EXPECT_FALSE(r.why(s, run, f).empty())
            << s.id << ", " << run.spec << ", " << run.profile << ": " << f.headline;
}

}  // namespace
}  // namespace plumbline::reports
