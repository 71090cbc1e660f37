// A report that was edited, lost or left over is found, and the place is named.
#include "reports/folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace plumbline::reports {
namespace {

class Folder : public testing::Test {
 protected:
  // Its own: tests run side by side.
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      ("plumbline-reports-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
  const Pages pages{{"a.md", "one\ntwo 1.80\n"}, {"machine.md", "now\n", false}, {"in/b.md", "three\n"}};
  void SetUp() override { write(folder, pages); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void put(const char* name, const char* text) { std::ofstream(folder / name) << text; }
  std::vector<std::string> found() const { return differences(folder, pages); }
};

TEST_F(Folder, WhatWasWrittenIsAsExpected) { EXPECT_EQ(found(), std::vector<std::string>{}); }

TEST_F(Folder, AnEditedNumberIsFoundAndItsLineNamed) {
  put("a.md", "one\ntwo 1.81\n");
  EXPECT_EQ(found(),
            std::vector{(folder / "a.md").string() + ":2: expected \"two 1.80\", found \"two 1.81\""});
}

TEST_F(Folder, AMissingLineIsFound) {
  put("a.md", "one\n");
  EXPECT_EQ(found(), std::vector{(folder / "a.md").string() + ":2: expected \"two 1.80\", found the end"});
}

TEST_F(Folder, AMissingFileIsFound) {
  std::filesystem::remove(folder / "machine.md");
  EXPECT_EQ(found(), std::vector{(folder / "machine.md").string() + ": expected this file, found none"});
}

TEST_F(Folder, AFileThatNoReportWritesIsFound) {
  put("old.md", "");
  EXPECT_EQ(found(), std::vector{(folder / "old.md").string() + ": a file that no report writes"});
}

TEST_F(Folder, FoldersAreLookedInto) {
  put("in/b.md", "four\n");
  put("in/old.md", "");
  EXPECT_EQ(found(), (std::vector{(folder / "in/b.md").string() + ":1: expected \"three\", found \"four\"",
                                  (folder / "in/old.md").string() + ": a file that no report writes"}));
}

TEST_F(Folder, WhatDependsOnTheMachineIsNotCompared) {
  put("machine.md", "then\n");
  EXPECT_EQ(found(), std::vector<std::string>{});
}

}  // namespace
}  // namespace plumbline::reports
