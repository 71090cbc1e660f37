// What every deviation of the catalogue would do to the outputs of one question, and whether an output can
// show it. Derivation: README.md, "Known deviations".
#pragma once

#include <limits>
#include <map>

#include "plumbline/judge/calibration.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline {

// What a deviation is looked for in: one output tensor alone, or (output -1) all of them together.
struct Detector {
  int output = -1;
  double standard_error = 0;  // tau_c: the standard error of the coefficient of a correct output
};

// The effect of one deviation.
struct Signature {
  const Deviation* deviation;
  std::vector<Matrix<double>> difference;  // y_m - y, in the order of output_names
  std::vector<Matrix<double>> scaled;      // over sigma
  std::vector<Detector> detectors;         // those that it moves by over 1e-3 standard errors
  double separation = 0;                   // the largest 1 / tau_c of its detectors
};

// How much the outputs look like a deviation, in the detector where that is most significant. With z = e /
// sigma and v the scaled difference:
//   formula: coefficient <z,v> / <v,v> in that detector: 0 is correct, 1 computes the deviation; likelihood
//     sum(z v - v^2 / 2) over all outputs
struct Match {
  const Signature* signature = nullptr;
  std::string detector = {};  // the name of an output, or "all outputs"
  double coefficient = 0;
  double statistic = 0;  // |coefficient| / tau_c
  double log_ratio = 0;  // logarithm of the ratio "computes the deviation" : "correct"
};

// By deviation: the log likelihood ratio of "computes it" against "correct". Those that the question does not
// show at all are left out.
using LogRatios = std::map<const Deviation*, double>;

// The deviations that apply to the spec of one question.
class Signatures {
 public:
  // Computes every one of them. The calibration must outlive it.
  explicit Signatures(const Calibration& calibration);
  Signatures(const Signatures&) = delete;

  // Those that the outputs can show. Left out are those whose block has no finite value here.
  const std::vector<Signature>& all() const { return signatures_; }
  // Ids of those that change nothing here, or far less than rounding does.
  const std::vector<std::string>& without_effect() const { return without_effect_; }

  // A bound on how often a correct output matches any of M deviations and detectors so well; and the
  // |coefficient| / tau_c at which that is 1e-6. t has as many degrees of freedom as there are members.
  //   formula: p = 2 M Pr[t > |c| / (g tau_c)]
  double p(const Match& match, double guard) const;
  double threshold(double guard) const;
  // Whether the coefficient is 1, within its 99 % confidence interval.
  bool is_at_full_size(const Match& match) const;
  // Whether the question separates it: whether its separation is at least twice the threshold.
  bool separates(const Signature& s, double guard) const { return s.separation >= least_separation(guard); }
  double least_separation(double guard) const { return 2 * threshold(guard); }

  // The most significant match, among detectors in which a deviation itself would be beyond the threshold:
  // one that would not be noticed is a direction in which rounding errors may lie by chance. `without` is
  // left out. One without a signature where there is none.
  Match loudest(const std::vector<Matrix<double>>& error, double guard,
                const Deviation* without = nullptr) const;
  // The deviations with a log likelihood ratio above `least`, most likely first, at most `count`; and the
  // ratios of all.
  std::vector<Match> likeliest(const std::vector<Matrix<double>>& error, double least, int count,
                               const Deviation* without = nullptr) const;
  LogRatios log_ratios(const std::vector<Matrix<double>>& error) const;

 private:
  // z = error / sigma; of the detectors, those with at most that standard_error.
  Match match(const Signature& s, const std::vector<Matrix<double>>& z,
              double largest_standard_error = std::numeric_limits<double>::infinity()) const;

  double members() const { return double(calibration_.member_errors().size()); }

  const Calibration& calibration_;
  std::vector<Signature> signatures_;
  std::vector<std::string> without_effect_;
  int detectors_ = 0;
};

}  // namespace plumbline
