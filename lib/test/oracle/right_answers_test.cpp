// Answers of right implementations that were called something else once, as replay files: what they taught is
// kept. Each is PyTorch's.
#include <gtest/gtest.h>

#include <filesystem>

#include "plumbline/oracle/exchange.hpp"
#include "plumbline/oracle/verdict.hpp"

namespace plumbline {
namespace {

// fused_attention_to_equal_keys: probabilities of 1/3, nearly, which bfloat16 cannot tell apart and float32
// can. saturated_softmax: a member in fifty rounds a probability of almost 1 so that its gradient is not 0.
TEST(RightAnswers, Agree) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(PLUMBLINE_RIGHT_ANSWERS)) {
    Container c = read_container(file.path().string());
    Container answer;
    constexpr std::string_view prefix = "answer.";
    std::erase_if(c.tensors, [&](auto& t) {
      if (!t.first.starts_with(prefix)) return false;
      answer.tensors[t.first.substr(prefix.size())] = t.second;
      return true;
    });
    const Request r = request_from(c, file.path().string());
    const Answer a = answer_from(answer, r.question, r.profile);
    ASSERT_EQ(a.kind, Answer::Kind::outputs) << file.path() << ": " << a.reason;
    const Verdict v = judge(r.question, r.profile, a.outputs);
    EXPECT_EQ(v.finding, Finding::agrees) << file.path() << ": " << describe(v);
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace plumbline
