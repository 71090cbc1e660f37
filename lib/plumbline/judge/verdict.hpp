// Judging an output: could a correct implementation in the declared profile have produced it, and if not,
// what was computed instead?
#pragma once

#include <memory>
#include <optional>

#include "plumbline/base/lazy.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/cases/nothing_to_judge.hpp"
#include "plumbline/judge/signatures.hpp"

namespace plumbline {

// Strongest first.
enum class Finding {
  invalid,       // a tensor is missing, or has another shape
  wrong,         // no correct implementation in the profile does this
  coarser,       // right, but in coarser arithmetic than declared
  inconclusive,  // the question cannot tell, an empty answer would pass: the command line calls it discarded
  agrees         // as a correct implementation in the profile
};

PLUMBLINE_NAMES(Finding, {invalid, "invalid"}, {wrong, "wrong"}, {coarser, "coarser"},
                {inconclusive, "inconclusive"}, {agrees, "agrees"})

// What is said of one output.
struct Verdict {
  Finding finding = Finding::agrees;
  std::string reason;  // one line: which tensor, what was expected, what was found
  double p = 1;        // how often a correct implementation does this or worse, by Bonferroni
  TestResult test;     // the most significant family, and where it points
  const Deviation* resembles = nullptr;  // whose pattern, with coefficient 1, is the most significant, if any
  std::string profile;     // of a coarser finding: the profile that it is right in; of a wrong one without a
                           // name: one whose errors are as large
  std::string deviation;   // of a wrong finding: what is computed instead (1 / alpha times likelier), or ""
  double coefficient = 0;  // of that deviation (or the likeliest): 0 is correct, 1 is the deviation
  double log_ratio = 0;    // its log likelihood ratio against "correct"
  double unexplained = 1;  // p of the output for correct implementations of the deviating block
  LogRatios log_ratios;    // of all deviations, unless the finding is invalid or an entry is not finite
  bool is_finite = true;   // all entries of the answer are: one that is not is wrong, whatever else is
};

// Judges any number of outputs of one question in one profile. Calibrates when it is made; the next coarser
// profile and what deviations would do only when they are needed, so that one call at a time may run, though
// they are const.
class Judge {
 public:
  // Throws Error where the inputs are not numbers of the storage type, NothingToJudge where a correct
  // implementation overflows or every output is 0.
  Judge(std::shared_ptr<const Question> question, const Profile& profile,
        const CalibrationSettings& settings = {});
  // Of a copy of the question.
  Judge(const Question& question, const Profile& profile, const CalibrationSettings& settings = {})
      : Judge(std::make_shared<const Question>(question), profile, settings) {}
  ~Judge();
  Judge(const Judge&) = delete;

  // The target for false alarms: a correct output should be called anything but `agrees` no more often than
  // this. Extrapolated from the members, not proved; reports/published/oracle.md counts.
  static constexpr double alpha = false_alarms;

  // The verdict on one output. `unknown`: a deviation that is to be taken out of the catalogue (to measure
  // what is found without it). Whatever the output holds is a verdict about it.
  Verdict operator()(const Outputs& observed, const Deviation* unknown = nullptr) const;
  // The same without a name for what is wrong; naming takes longest.
  Verdict unnamed(const Outputs& observed, const Deviation* unknown = nullptr) const;

  // The judge of the block that computes these deviations of the one in question, one after the other; its
  // outputs have the names of as_read_by. Nothing where that block overflows or has no value, or where an
  // empty answer would pass for it.
  static std::unique_ptr<Judge> of_deviating(Question question, const Profile& profile,
                                             const Deviations& deviations,
                                             const CalibrationSettings& settings = {});
  // A bound on how often a correct implementation fails the generic test as this output does; and what the
  // deviations are worth. Throws std::out_of_range where an output is missing; shapes are not checked.
  double p(const Outputs& observed) const;
  LogRatios log_ratios(const Outputs& observed) const;

  // Why the question can judge nothing in this profile: an empty answer that would pass; or nothing.
  const std::optional<std::string>& vacuous() const { return vacuous_; }
  // What an agreeing output could still be: ids of deviations that the question cannot separate.
  std::vector<std::string> cannot_separate() const;
  // The smallest relative change of the tensors at each place that would have been noticed in y.
  const std::map<std::string, double>& smallest_noticed() const;

  // What it measures with. They live as long as the judge.
  const Calibration& calibration() const { return *calibration_; }
  const Signatures& signatures() const;

 private:
  struct Unchecked {};
  Judge(std::shared_ptr<const Question>, const Profile&, const CalibrationSettings&, Unchecked);
  std::optional<Verdict> invalid(const Outputs& observed) const;
  std::optional<Verdict> not_finite(const Outputs& observed) const;
  std::optional<Verdict> beyond_zero(const std::vector<Matrix<double>>& error) const;
  std::optional<std::string> find_vacuous() const;
  bool accepts(const std::vector<Matrix<double>>& error, const Deviation* unknown, Verdict& v) const;
  bool name(const Outputs& observed, const Deviation* unknown, Verdict& v) const;
  std::unique_ptr<Judge> judge_of(const Deviation& deviation) const;
  const Profile* next_profile() const;  // the coarser one that the output could come from
  const Judge* coarser() const;
  std::string overflow_in_coarser() const;
  Verdict judged(const Outputs& observed, const Deviation* unknown, bool names) const;
  bool is_right_in_coarser(const Outputs& observed, const Deviation* unknown, Verdict& v) const;

  double guard_;
  CalibrationSettings settings_;
  std::unique_ptr<Calibration> calibration_;
  Lazy<std::unique_ptr<Signatures>> signatures_;
  std::optional<std::string> vacuous_;
  Lazy<std::unique_ptr<Judge>> coarser_;
  Lazy<std::map<std::string, double>> noticed_;
};

// Calibrates and judges one output. Throws as the constructor of Judge does.
Verdict judge(const Question& question, const Profile& profile, const Outputs& observed,
              const CalibrationSettings& settings = {});

}  // namespace plumbline
