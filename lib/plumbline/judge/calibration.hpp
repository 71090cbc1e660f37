// The calibration of one question in one profile: the standard error of each test statistic where the output
// is correct. It does not depend on what is judged. Two sets of members: the first sets the standard error
// sigma of every entry and the inflation of the tails over Student's t, the second the standard error tau of
// every functional. Answers that are known to be right are put to the question too, and raise tau where they
// show more than the noisiest of so many correct ones would. Derivation: README.md, "Calibration".
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <span>

#include "plumbline/base/parallel.hpp"
#include "plumbline/ensemble/term.hpp"
#include "plumbline/judge/bank.hpp"
#include "plumbline/judge/statistics.hpp"

namespace plumbline {

// How many members, and which; and what is left out of the rule, for tests that show what it is for.
struct CalibrationSettings {
  // In each of the two sets. How many standard errors one of a thousand functionals must show is Student's t
  // at 1e-9: 29 of 8 members, 16 of 12, 12 of 16, 9.3 of 24, 7.4 of 48, 6.0 of infinitely many. Beyond 24
  // twice the time buys a fifth.
  int members = 24;
  // Of the members. Where a few of them err far more than the others, verdicts may depend on it: one right
  // answer is refused by 4 seeds of 40 (lib/test/judge/ablations_test.cpp).
  std::uint64_t seed = 1;
  int threads = processor_threads();  // they change no result
  bool right_answers = true;
  bool moderation = true;      // false: every variance stands for itself
  bool tail_inflation = true;  // false: the tails are Student's t's
  bool correlation = true;     // false: the functionals of a family count as independent
  Terms left_out = {};         // of the errors of members
};

// The target for false alarms, of one right answer to one question: so few that a suite of a thousand
// questions has one in a thousand runs. Extrapolated from members, and no measurement can show it: no false
// alarm in the right answers of the records `characteristics` and `census` bounds their rate at some 1e-4.
inline constexpr double false_alarms = 1e-6;

// The safety factor g of the test: how much noisier than the noisiest member correct code may be. Chosen, not
// derived: 16-bit storage hides the order of sums; where sums matter, real orders are less random than a
// random permutation, those of gradients least of all. A norm of 128 equal float32 numbers, summed one by
// one, needs it (lib/test/judge/ablations_test.cpp); for much longer ones it is not always enough. With it no
// right answer of the record `characteristics` comes near the limit: the page about the oracle counts.
double guard(const Profile& profile, bool gradients);

// What the generic test says about an error.
struct TestResult {
  double p = 1;             // a Bonferroni bound
  std::string family = {};  // that of the smallest p; and the tap that it belongs to, if any
  std::string place = {};
  double statistic = 0;  // of that family: its largest |error| in standard errors (or its mean square)
  bool by_mean_square = false;
};

// The test of one question in one profile. Settings and members are fixed when it is made.
class Calibration {
 public:
  // Runs all members and right answers of a question whose tensors have the shapes that its spec asks for.
  // Throws NothingToJudge where one of them overflows or every output is 0, Error where a query sees no key.
  Calibration(std::shared_ptr<const Question> question, const Profile& profile,
              const CalibrationSettings& settings = {});
  // Of a copy of the question.
  Calibration(const Question& question, const Profile& profile, const CalibrationSettings& settings = {})
      : Calibration(std::make_shared<const Question>(question), profile, settings) {}
  Calibration(const Calibration&) = delete;  // its trace points to its question

  // What it was made of, and from: lists of outputs are in the order of names().
  const Question& question() const { return *question_; }
  const std::shared_ptr<const Question>& shared_question() const { return question_; }
  const Profile& profile() const { return profile_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Matrix<long double>>& truth() const { return truth_; }  // in the order of names()
  const std::vector<Matrix<double>>& sigma() const { return sigma_; }  // 0: judged by largest_error alone
  double largest_error(int output) const { return largest_[output]; }  // of all members and right answers
  bool has_no_scale(int output) const { return no_scale_[output]; }    // its true value is 0
  const std::vector<std::vector<Matrix<double>>>& member_errors() const { return errors_; }
  const std::vector<std::vector<Matrix<double>>>& right_answers() const { return right_; }  // their errors
  int members() const { return settings_.members; }
  int threads() const { return settings_.threads; }

  // The error y^ - y, and z = e / sigma, 0 where there is no scale. Throws std::out_of_range where an output
  // is missing; that each has its shape is not checked.
  std::vector<Matrix<double>> error(const Outputs& observed) const;
  std::vector<Matrix<double>> scaled(const std::vector<Matrix<double>>& error) const;

  // The generic test of an error y^ - y, one call at a time. For each of N families of n functionals c, with
  // T = c / tau, g the guard, h the inflation of the tails, mu and s of log mean T^2 over K members:
  // `counts`: of which statistics, for tests that show what each is for; of all, where it is empty.
  //   formula: P_max = 2 n Pr[t > max |T| / (g h)]; p = min(1, 2 N min over the families); where n >= 8,
  //     P_square = Pr[t > (log mean T^2 - mu - 2 log g) / (s sqrt(1 + 1/K))]
  //   shapes: a matrix for each output
  //   domain: guard > 0
  //   bound: p bounds how often a correct output does worse, as far as members show
  //   bad input: an error that is no number gives p = 0
  //   source: README.md, "Calibration"
  using Counts = std::function<bool(const Family&, bool by_mean_square)>;
  TestResult test(const std::vector<Matrix<double>>& error, double guard, const Counts& counts = {}) const;
  // The same with the shapes alone: never below the p of `test`, and without a backward pass.
  TestResult test_shapes(const std::vector<Matrix<double>>& error, double guard) const;

  // By place: the smallest relative change of the tensors there that would have been noticed in y with p =
  // alpha, to first order. 0.0002 at "layers.0.attn.scores": scores wrong by 0.02 %. Infinite where nothing
  // would show.
  std::map<std::string, double> smallest_noticed(double guard, double alpha) const;

 private:
  struct FamilyTest {
    double dof = 0, tail_inflation = 1, mean_log_square = 0, deviation_of_log_square = 0;
    double independent = 1;  // functionals that vary as these do, see independent_count
  };
  using Functionals = std::vector<std::vector<double>>;  // of each error
  Moderated variances(std::span<const double> mean_squares, std::span<const double> priors) const;
  void set_scale();
  void set_standard_errors();
  Functionals functionals_of_all();
  void set_standard_errors(int family, std::span<const std::vector<double>> of_members);
  double independent(const Family& family, std::span<const std::vector<double>> of_members,
                     const std::vector<double>& inverse_tau) const;
  std::vector<Scores> scores(std::span<const std::vector<Matrix<double>>> errors) const;
  void include_right_answers(int family, std::span<const std::vector<double>> of_right_answers);
  std::vector<double> functionals(const Scores& scores) const;
  TestResult test(const std::vector<double>& functionals, int families, double guard,
                  const Counts& counts = {}) const;
  std::vector<double> limits(double guard, double alpha) const;  // of |T|, by family, at half of alpha

  std::shared_ptr<const Question> question_;
  Profile profile_;
  CalibrationSettings settings_;
  std::vector<std::string> names_;
  std::vector<Matrix<long double>> truth_;
  std::vector<Matrix<double>> sigma_;
  std::vector<double> largest_;
  std::vector<bool> no_scale_;
  std::vector<std::vector<Matrix<double>>> errors_, right_;
  std::unique_ptr<Bank> bank_;
  std::vector<std::unique_ptr<Trace>> traces_;  // of the same, one for each thread
  mutable std::mutex trace_is_used_;            // they play their tapes for every test: one at a time
  std::vector<double> tau_;
  std::vector<FamilyTest> families_;
};

// The exact outputs, in the order of output_names: for float64 from 50 digits, for coarser types in long
// double, whose own rounding is below 2^-40 of a float32's; of large blocks from balls that are proved to be
// as near as makes no difference. Throws Error as evaluate does.
std::vector<Matrix<long double>> exact_outputs(const Question& question, const Profile& profile, int threads);

}  // namespace plumbline
