// Every part of the rule is needed: for each there is an answer that the rule judges rightly, and that it
// would not without that part.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "peer/block.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/naming/slip.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using Errors = std::vector<Matrix<double>>;
using What = Slip::What;
using Pass = Slip::Pass;

// The kinds of families of test statistics; those of taps once for each way in which a tap is looked at.
std::string kind_of(const Family& f) {
  const auto begins = [&](const char* text) { return f.name.starts_with(text); };
  const bool is_tap = !f.place.empty() || begins("all of every tensor");
  std::string way;
  for (const char* end : {" in y and gradients", " in gradients", ", cotangent"})
    if (is_tap && f.name.ends_with(end)) way = end;
  const std::string of = is_tap ? "taps" + way : "outputs";
  if (begins("elements of ")) return "elements of " + of;
  if (begins("rows of ")) return "rows of " + of;
  if (begins("columns of ")) return "columns of " + of;
  return "all of " + of;
}

constexpr const char* pooled = "mean squares";

Calibration::Counts all_but(const std::string& kind) {
  return [=](const Family& f, bool by_mean_square) {
    return kind == pooled ? !by_mean_square : kind_of(f) != kind;
  };
}

struct Calibrated {
  Question question;
  Calibration calibration;
  double guard;
  Errors right;  // the error of a right answer
  Calibrated(const char* preset, const char* profile, bool gradients, int width)
      : question(question_from(preset, Recipe::rich, find_profile(profile), gradients, 1, width)),
        calibration(question, find_profile(profile)),
        guard(plumbline::guard(find_profile(profile), gradients)),
        right(calibration.error(peer::answer(
            question, {.storage = find_profile(profile).storage == Dtype::bf16 ? peer::Storage::bfloat16
                                                                               : peer::Storage::native}))) {}

  Errors zero() const {
    Errors e;
    for (const auto& y : calibration.truth()) e.push_back(Matrix<double>::Zero(y.rows(), y.cols()));
    return e;
  }
  // What a slip does to the outputs.
  Errors of(const Slip& slip) const {
    const Outputs wrong = with_slip(question, slip), exact = with_slip(question, {});
    Errors e;
    for (const std::string& name : calibration.names()) e.push_back(wrong.at(name) - exact.at(name));
    return e;
  }
  Errors with(double size, const Errors& planted) const {
    Errors e = right;
    for (std::size_t i = 0; i < e.size(); ++i) e[i] += size * planted[i];
    return e;
  }
  double p(const Errors& e, const Calibration::Counts& counts = {}) const {
    return calibration.test(e, guard, counts).p;
  }
  // How much of it is noticed, to one in a thousand.
  double smallest_noticed(const Errors& planted) const {
    double unseen = 0x1p-60, seen = 0x1p60;
    while (seen > 1.001 * unseen) {
      const double middle = std::sqrt(unseen * seen);
      (p(with(middle, planted)) < false_alarms ? seen : unseen) = middle;
    }
    return seen;
  }
};

// An error that one kind of statistics notices first.
struct Noticed {
  std::string kind;
  const Calibrated& question;
  Errors error;
};

// For each kind of statistics an error, three in a hundred larger than the smallest that the rule notices:
// without that kind it would agree.
TEST(JudgeAblation, EveryKindOfStatisticsNoticesWhatNoOtherDoes) {
  const Calibrated llama("llama", "float32", true, 16), gpt2("gpt2", "bfloat16-mixed", true, 16),
      post_norm("post_norm", "bfloat16-mixed", true, 16), wide("post_norm", "float32", true, 24),
      y_alone("gpt2", "float32", false, 48);
  const auto last = [](const Calibrated& c, What what, const char* place, Pass pass) {
    for (const Stored& s : places_of(c.question))
      if (s.name == place)
        return c.of({.what = what,
                     .places = {place},
                     .pass = pass,
                     .from = (what == What::rows_missing ? s.rows : s.cols) - 1});
    throw std::out_of_range(place);
  };
  const auto whole = [](const Calibrated& c, const char* place, Pass pass) {
    return c.of({.what = What::missing, .places = {place}, .pass = pass});
  };
  constexpr What row = What::rows_missing, column = What::channels_missing;
  constexpr int of_x = 1;  // the gradient of x
  Errors element = llama.zero(), one_column = llama.zero(), offset = llama.zero();
  element[of_x](1, 2) = llama.calibration.sigma()[of_x](1, 2);
  one_column[of_x].col(2).setOnes();
  offset[of_x].setOnes();
  const Noticed noticed[] = {
      {"elements of outputs", llama, element},
      {"columns of outputs", llama, one_column},
      {"all of outputs", llama, offset},
      {"rows of outputs", llama, last(llama, column, "layers.0.ffn.down_proj.product", Pass::both)},
      {"rows of taps", llama, last(llama, row, "layers.0.attn.q_proj.product", Pass::forward)},
      {"columns of taps", llama, last(llama, column, "final_norm.input", Pass::both)},
      {"all of taps", wide, whole(wide, "layers.0.ffn.down_proj.output", Pass::forward)},
      {"rows of taps in y and gradients", gpt2, last(gpt2, row, "layers.0.ffn.up_proj.product", Pass::both)},
      {"columns of taps in y and gradients", gpt2,
       last(gpt2, column, "layers.0.attn.probabilities", Pass::forward)},
      {"rows of taps in gradients", llama, last(llama, row, "y", Pass::backward)},
      {"columns of taps in gradients", post_norm,
       last(post_norm, column, "layers.0.attn.norm_post.output", Pass::both)},
      {"rows of taps, cotangent", llama, last(llama, row, "layers.0.attn.v_proj.product", Pass::backward)},
      {"columns of taps, cotangent", llama,
       last(llama, column, "layers.0.attn.norm_in.scaled", Pass::backward)},
      {pooled, y_alone, whole(y_alone, "y", Pass::both)},
  };
  // Of no error that was tried, some 380 in each of six questions, did these see the least.
  std::set<std::string> looked_at = {"all of taps in y and gradients", "all of taps in gradients",
                                     "all of taps, cotangent"};
  for (const auto& [kind, c, error] : noticed) {
    const Errors seen = c.with(1.03 * c.smallest_noticed(error), error);
    EXPECT_LT(c.p(seen), false_alarms) << kind;
    EXPECT_GE(c.p(seen, all_but(kind)), false_alarms) << kind;
    looked_at.insert(kind);
  }
  std::set<std::string> kinds{pooled};
  llama.p(llama.right, [&](const Family& f, bool) { return kinds.insert(kind_of(f)), true; });
  EXPECT_EQ(kinds, looked_at);
}

// A known deviation is noticed where the bank is blind to so little of it.
TEST(JudgeAblation, AKnownDeviationIsNoticedByItsOwnPatternFirst) {
  const Calibrated c("llama", "float32", true, 16);
  const Signatures all(c.calibration);
  int first = 0;
  for (const Signature& s : all.all()) {
    if (!all.separates(s, c.guard)) continue;
    const Errors seen = c.with(0.9 * c.smallest_noticed(s.difference), s.difference);
    EXPECT_GE(c.p(seen), false_alarms) << s.deviation->id;
    first += all.p(all.loudest(seen, c.guard), c.guard) < false_alarms;
  }
  EXPECT_GT(first, 0);
}

// Sums of equal numbers, one by one, err more than in a random order. (Longer ones err beyond the guard.)
TEST(JudgeAblation, WithoutTheGuardASumOfEqualNumbersIsWrong) {
  const Profile& profile = find_profile("float32");
  int refused_without = 0;
  for (std::uint64_t seed : {1, 2, 3}) {
    const char* spec = R"({"part": "norm", "d": 128, "norm": {"kind": "rms_norm"}})";
    Question q =
        question_from({.spec = spec_from_json(parse_json(spec, "spec")), .tokens = 4, .seed = seed}, profile);
    q.inputs.x = q.inputs.x.col(0).replicate(1, q.inputs.x.cols()).eval();
    const Calibration c(q, profile);
    const Errors e = c.error(peer::answer(q, {}));
    EXPECT_GE(c.test(e, guard(profile, false)).p, false_alarms) << seed;
    refused_without += c.test(e, 1).p < false_alarms;
  }
  EXPECT_GT(refused_without, 0);
}

// A question with an answer to it that was called wrong once.
struct RightAnswer {
  Request asked;
  Answer answer;
  explicit RightAnswer(const std::string& name) : asked{}, answer{} {
    const std::string file = PLUMBLINE_RIGHT_ANSWERS "/" + name;
    Container question = read_container(file), answered;
    constexpr std::string_view prefix = "answer.";
    std::erase_if(question.tensors, [&](auto& t) {
      if (!t.first.starts_with(prefix)) return false;
      answered.tensors[t.first.substr(prefix.size())] = t.second;
      return true;
    });
    asked = request_from(question, file);
    answer = answer_from(answered, asked.question, asked.profile);
  }
  double p(const CalibrationSettings& settings) const {
    const Calibration c(asked.question, asked.profile, settings);
    return c.test(c.error(answer.outputs), guard(asked.profile, asked.question.gradients)).p;
  }
};

// Nearly equal probabilities: a few members err far more than the others. (Of forty seeds of the members four
// refuse this answer, with the inflation of the tails, and seventeen without; these are others.)
TEST(JudgeAblation, WithoutTheInflationOfTailsFusedAttentionIsWrong) {
  const RightAnswer right("fused_attention_to_equal_keys.safetensors");
  for (std::uint64_t seed : {5, 7, 11}) {
    EXPECT_GE(right.p({.seed = seed}), false_alarms) << seed;
    EXPECT_LT(right.p({.seed = seed, .tail_inflation = false}), false_alarms) << seed;
  }
}

// Scores of some hundreds, in float16: a stored probability is a power of two or nothing, and each channel of
// the queries shows the same one of them. 315 functionals that are one look as if its size were well known.
TEST(JudgeAblation, WithoutTheCorrelationOfAFamilySaturatedQueriesAreWrong) {
  const RightAnswer right("saturated_queries.safetensors");
  for (std::uint64_t seed : {1, 2, 3}) EXPECT_GE(right.p({.seed = seed}), false_alarms) << seed;
  EXPECT_LT(right.p({.seed = 1, .correlation = false}), false_alarms);
}

// (What the right answers that the rule includes are for: RightAnswers.OfAWideNormAgree.)

// The variances of single entries are moderated by what the others say: 24 members say too little of each.
TEST(JudgeAblation, WithoutModerationASmallerErrorAgrees) {
  const Calibrated c("llama", "float32", true, 16);
  const Calibration alone(c.question, find_profile("float32"), {.moderation = false});
  Errors e = c.zero();
  e[1](1, 2) = c.calibration.sigma()[1](1, 2);
  const Errors seen = c.with(1.05 * c.smallest_noticed(e), e);
  EXPECT_LT(c.p(seen), false_alarms);
  EXPECT_GE(alone.test(seen, c.guard).p, false_alarms);
}

// What does nothing passes where the norm has nothing to do.
TEST(JudgeAblation, WithoutTheCheckForVacuityAKernelThatDoesNothingAgrees) {
  const Profile& profile = find_profile("bfloat16-mixed");
  Question q = question_from({.spec = spec_from_json(parse_json(
                                  R"({"part": "norm", "d": 16, "norm": {"kind": "layer_norm"}})", "spec")),
                              .recipe = Recipe::ordinary},
                             profile);
  for (Eigen::Index i = 0; i < q.inputs.x.size(); ++i)
    q.inputs.x.data()[i] = (i % 16 * (2 * (i / 16) + 1) + i / 16) % 16 < 8 ? 1 : -1;  // mean 0, variance 1
  const Judge judge(q, profile);
  const Outputs nothing{{"y", q.inputs.x}};
  EXPECT_GE(judge.p(nothing), Judge::alpha);
  EXPECT_EQ(judge(nothing).finding, Finding::inconclusive);
}

// Not needed for the finding: the statistics refuse what is no number, and say less of it.
TEST(JudgeAblation, WithoutTheCheckForNumbersWhatIsNoNumberIsWrongAllTheSame) {
  const Calibrated c("llama", "float32", true, 16);
  for (std::size_t output = 0; output < c.right.size(); ++output)
    for (const double bad : {NAN, INFINITY}) {
      Errors e = c.right;
      e[output](0, 0) = bad;
      EXPECT_EQ(c.p(e), 0) << c.calibration.names()[output];
    }
}

// Without it there is nothing that could be judged.
TEST(JudgeAblation, WithoutTheCheckOfShapesWhatIsMissingIsNoAnswer) {
  const Calibrated c("llama", "float32", true, 16);
  EXPECT_THROW(c.calibration.error({}), std::out_of_range);
  EXPECT_EQ(Judge(c.question, find_profile("float32"))(Outputs{}).finding, Finding::invalid);
}

}  // namespace
}  // namespace plumbline
