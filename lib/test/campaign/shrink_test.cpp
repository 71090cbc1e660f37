// A failing question is made smaller while it fails in the same way, and no further.
#include "plumbline/campaign/shrink.hpp"

#include <gtest/gtest.h>

namespace plumbline {
namespace {

constexpr const char* spec = R"({"part": "norm", "d": {"from": 4, "to": 40, "least": 1},
    "norm": {"kind": "rms_norm"}, "T": {"from": 9, "to": 30, "least": 1}, "batch": 2})";

Examination called(const char* kind) { return {.outcome = Outcome::wrong, .kind = kind}; }

struct Tried {
  Smallest smallest;
  int asked = 0;
};

Tried shrunk(const std::function<Examination(const Question&)>& examine, int most = 1000) {
  const LiveQuestions questions(parse_json(spec, "test"), false);
  Tried t;
  t.smallest = shrink(
      draw(questions, 1, 1), find_profile("float32"), called("large"),
      [&](const Question& q) { return ++t.asked, examine(q); }, [=](int tries) { return tries >= most; });
  return t;
}

TEST(Shrink, SizesEndWhereTheFailureDoes) {
  const auto is_long = [](const Question& q) { return called(q.inputs.x.rows() >= 2 * 5 ? "large" : ""); };
  const Question q = shrunk(is_long).smallest.question;
  EXPECT_EQ(q.inputs.x.rows(), 2 * 5);
  EXPECT_EQ(q.spec.d, 1);
}

TEST(Shrink, NumbersBecomeAsSimpleAsTheFailureAllows) {
  const auto always = [](const Question&) { return called("large"); };
  const Question q = shrunk(always).smallest.question;
  EXPECT_EQ(q.inputs.x, Matrix<double>::Zero(2, 1));
  EXPECT_EQ(q.inputs.parameters.at("norm.weight"), Matrix<double>::Zero(1, 1));
}

// When it is mended, the question should be able to say so.
TEST(Shrink, AQuestionThatNothingCanAgreeOnIsNotSmaller) {
  const auto examine = [](const Question& q) {
    Examination e = called("large");
    e.can_agree = q.spec.d >= 3;
    return e;
  };
  EXPECT_EQ(shrunk(examine).smallest.question.spec.d, 3);
}

TEST(Shrink, AnotherFailureIsNotTheSame) {
  const Tried t = shrunk([](const Question&) { return called("another"); });
  EXPECT_GT(t.asked, 0);
  EXPECT_EQ(t.smallest.examination.kind, "large");
  EXPECT_GE(t.smallest.question.inputs.x.rows(), 2 * 9);
}

TEST(Shrink, StopsAfterSoManyTries) {
  EXPECT_EQ(shrunk([](const Question&) { return called("large"); }, 3).asked, 3);
}

}  // namespace
}  // namespace plumbline
