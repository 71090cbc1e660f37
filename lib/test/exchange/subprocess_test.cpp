#include "plumbline/exchange/subprocess.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/io/frame.hpp"

namespace plumbline {
namespace {

Request request(int width) {
  const Profile& p = find_profile("float32");
  return {"case", p, question_from("gpt2", Recipe::rich, p, false, 1, width)};
}
const Request& small() {
  static const Request r = request(16);
  return r;
}
const Request& large() {
  static const Request r = request(32);
  return r;
}

Subprocess peer_with(const std::string& fault, double timeout = 20) {
  return Subprocess({PLUMBLINE_PEER, "--protocol", fault, "--above", "20"}, timeout);
}

// What is said of the fault, and that the next question is answered all the same.
std::string what_happens(Subprocess peer) {
  EXPECT_EQ(peer.ask(small()).kind, Answer::Kind::outputs);
  const Answer a = peer.ask(large());
  EXPECT_EQ(a.kind, Answer::Kind::invalid);
  EXPECT_EQ(peer.ask(small()).kind, Answer::Kind::outputs);
  return a.reason;
}

TEST(Subprocess, AnswersAsThePeerDoes) {
  Subprocess peer({PLUMBLINE_PEER}, 20);
  for (const Request* r : {&small(), &large()}) {
    const Answer a = peer.ask(*r);
    ASSERT_EQ(a.kind, Answer::Kind::outputs) << a.reason;
    EXPECT_EQ(a.outputs, peer::answer(r->question, {.name = "eager"}));
  }
  EXPECT_GT(peer.seconds(), 0);
}

TEST(Subprocess, ACrashIsAVerdictAboutTheCase) {
  EXPECT_EQ(what_happens(peer_with("crash")),
            "crash: the command was killed by signal 6 (Aborted); no answer");
  EXPECT_EQ(what_happens(peer_with("exit")), "crash: the command exited with status 3; no answer");
}

TEST(Subprocess, HalfAFrameIsAVerdictAboutTheCase) {
  const std::string what = what_happens(peer_with("half"));
  EXPECT_TRUE(what.starts_with("crash: the command exited with status 0; ")) << what;
  EXPECT_TRUE(what.ends_with(" bytes of the answer")) << what;
}

TEST(Subprocess, AHangIsAVerdictAboutTheCase) {
  Subprocess peer = peer_with("hang", 0.5);
  EXPECT_EQ(peer.ask(large()).reason, "hangs: no answer within 0.5 s");
  EXPECT_EQ(peer.hangs(), 1);
  EXPECT_EQ(peer.ask(small()).kind, Answer::Kind::outputs);
}

// It ends behind its answer, which is no failure of the next one.
TEST(Subprocess, AFrameThatHoldsNoContainerIsAVerdictAboutTheCase) {
  const std::string what = what_happens(peer_with("container"));
  EXPECT_TRUE(what.starts_with("answer: ")) << what;
}

TEST(Subprocess, RubbishAndRamblingAreVerdictsAboutTheCase) {
  const std::string garbage = what_happens(peer_with("garbage"));
  EXPECT_TRUE(garbage.starts_with("rubbish: the program printed \"Hello, w\" to stdout; ")) << garbage;
  EXPECT_NE(what_happens(peer_with("huge")).find("given as 10000000000"), std::string::npos);
  EXPECT_EQ(what_happens(peer_with("ramble")), "rambling: 17 bytes behind the answer");
  const std::filesystem::path said = std::filesystem::path(testing::TempDir()) / "plumbline-said";
  std::filesystem::remove(said);
  Subprocess early({"sh", "-c", "echo Hello; touch " + said.string() + "; sleep 9"}, 5);
  while (!std::filesystem::exists(said)) std::this_thread::yield();
  EXPECT_EQ(early.ask(small()).reason, "rubbish: 6 bytes on its stdout before it was asked");
}

TEST(Subprocess, AnswersThatAreMisshapenAreInvalid) {
  for (const char* fault : {"shape", "dtype", "missing"})
    EXPECT_TRUE(what_happens(peer_with(fault)).starts_with("tensor \"y\": expected F32 [")) << fault;
  EXPECT_TRUE(what_happens(peer_with("extra")).starts_with("tensor \"z\": expected no such tensor"));
  EXPECT_EQ(what_happens(peer_with("error")), "the implementation reports: out of luck");
}

TEST(Subprocess, WhatClosesItsPipesOrNeverReadsIsAVerdict) {
  EXPECT_EQ(Subprocess({"true"}, 5).ask(small()).reason,
            "crash: the command exited with status 0; no answer");
  EXPECT_EQ(Subprocess({"sh", "-c", "exec >&-; sleep 9"}, 5).ask(small()).reason,
            "crash: the command closed its output; no answer");
  EXPECT_EQ(Subprocess({"sleep", "9"}, 0.3).ask(large()).reason, "hangs: no answer within 0.3 s");
}

TEST(Subprocess, ACommandThatDeletesItselfIsAVerdict) {
  const std::string script = testing::TempDir() + "plumbline-deletes-itself-" + std::to_string(getpid());
  std::ofstream(script) << "#!/bin/sh\nrm -f \"$0\"\nexit 3\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  Subprocess peer({script}, 5);
  EXPECT_EQ(peer.ask(small()).reason, "crash: the command exited with status 3; no answer");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(peer.ask(small()).reason,
              "crash: it cannot be started again: " + script + ": cannot be run: No such file or directory");
}

// What answers on pipes that were there before: a thread in the place of the program that started this one.
class Connected : public testing::Test {
 protected:
  Connected() { EXPECT_EQ(pipe(answers_) | pipe(questions_), 0); }
  Subprocess peer() const {
    return Subprocess(Connection{answers_[0], questions_[1], "my_norm", "again {}"}, 5);
  }

  int answers_[2], questions_[2];
};

TEST_F(Connected, IsAskedAsACommandIs) {
  std::thread other([&] {
    FrameReader question;
    for (char byte; !question.complete() && read(questions_[0], &byte, 1) == 1;) question.take({&byte, 1});
    const Request r = request_from(from_bytes(question.body(), "question"), "question");
    const Outputs y = peer::answer(r.question, {.name = "eager"});
    const std::string answer = to_frame(to_bytes(to_container(y, r.question, r.profile)));
    EXPECT_EQ(write(answers_[1], answer.data(), answer.size()), std::ssize(answer));
  });
  Subprocess asked = peer();
  EXPECT_EQ(asked.ask(small()).outputs, peer::answer(small().question, {.name = "eager"}));
  EXPECT_EQ(asked.name(), "my_norm");
  EXPECT_EQ(asked.ask_again("a b.safetensors"), "again 'a b.safetensors'");
  other.join();
}

TEST_F(Connected, IsNotStartedAgain) {
  close(answers_[1]);
  Subprocess asked = peer();
  EXPECT_EQ(asked.ask(small()).reason, "crash: the command has ended; no answer");
  EXPECT_EQ(asked.ask(small()).reason,
            "crash: it cannot be started again: it answers on descriptors that are closed");
}

TEST_F(Connected, NeedsDescriptorsThatAreOpen) {
  try {
    Subprocess(Connection{answers_[0], 999, "", ""}, 5);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "descriptor 999: expected an open one, found none");
  }
}

TEST(Subprocess, ACommandThatCannotBeRunIsMisuse) {
  try {
    Subprocess({"no-such-command"}, 1);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "no-such-command: cannot be run: No such file or directory");
  }
}

}  // namespace
}  // namespace plumbline
