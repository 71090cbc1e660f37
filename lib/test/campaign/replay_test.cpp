// Failing questions go into files and come back, the first of each kind as soon as it is found.
#include "plumbline/campaign/replay.hpp"
#include "plumbline/io/process.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "plumbline/campaign/failure_files.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

namespace fs = std::filesystem;

class ReplayFiles : public testing::Test {
 protected:
  fs::path folder = fs::temp_directory_path() / ("plumbline-replay-" + std::to_string(getpid()));
  ~ReplayFiles() override { fs::remove_all(folder); }

  int files() const {
    return fs::exists(folder) ? int(std::distance(fs::directory_iterator(folder), {})) : 0;
  }
};

Replay found() {
  const Profile& profile = find_profile("float32");
  const BlockSpec spec = spec_from_json(parse_json(R"({"preset": "gpt2", "d": 8})", "test"));
  return {{"gpt2/1/7", profile, question_from({.spec = spec, .gradients = true}, profile)},
          "wrong: rows",
          "causal"};
}

Answer answer_to(const Request& r) {
  Answer a;
  a.kind = Answer::Kind::outputs;
  a.outputs = plain_answer(r.question, r.profile, 1);
  return a;
}

TEST_F(ReplayFiles, AQuestionComesBackAsItWas) {
  const Replay was = found();
  const Replay is = read_replay(FailureFiles(folder).write("gpt2/1/7", was, answer_to(was.request)));
  EXPECT_EQ(is.outcome, was.outcome);
  EXPECT_EQ(is.law, was.law);
  EXPECT_EQ(is.request.profile, was.request.profile);
  EXPECT_EQ(is.request.question.spec, was.request.question.spec);
  EXPECT_EQ(is.request.question.gradients, was.request.question.gradients);
  EXPECT_EQ(is.request.question.batch, was.request.question.batch);
  EXPECT_EQ(is.request.question.inputs.x, was.request.question.inputs.x);
  EXPECT_EQ(is.request.question.inputs.parameters, was.request.question.inputs.parameters);
  EXPECT_EQ(is.request.question.inputs.cotangent, was.request.question.inputs.cotangent);
}

TEST_F(ReplayFiles, TheFirstOfEachKindIsSavedAtOnceAndGivesWayToTheSmallest) {
  const Replay r = found();
  FailureFiles files_of_run(folder);
  files_of_run.found("rows", r, {});
  Replay later = r;
  later.request.id = "gpt2/1/8";
  files_of_run.found("rows", later, {});
  EXPECT_EQ(files(), 1);
  files_of_run.found("columns", r, {});
  EXPECT_EQ(files(), 2);
  files_of_run.write("the smallest", r, {});
  files_of_run.settle();
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(files_of_run.trouble(), "");
}

TEST_F(ReplayFiles, WhatCannotBeSavedIsTrouble) {
  FailureFiles nowhere("/proc/nowhere");
  nowhere.found("rows", found(), {});
  EXPECT_NE(nowhere.trouble(), "");
  EXPECT_THROW(nowhere.write("rows", found(), {}), Error);
}

TEST(Shell, WordsAreQuotedWhereAShellWouldReadThemOtherwise) {
  EXPECT_EQ(shell_text({"python", "my kernel.py", "--x=1"}), "python 'my kernel.py' --x=1");
}

}  // namespace
}  // namespace plumbline
