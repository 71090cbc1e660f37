// What every deviation of the catalogue would do to the outputs of one question, and whether an output can
// tell.
#pragma once

#include <limits>
#include <map>

#include "plumbline/oracle/calibration.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline {

// One deviation and one scope: an output tensor alone, or (scope -1) all of them together.
struct Scope {
  int output = -1;
  double reach = 0;  // tau_c: how far the coefficient of a correct output reaches
};

struct Signature {
  const Deviation* deviation;
  std::vector<Matrix<double>> difference;  // y_m - y, in the order of output_names
  std::vector<Matrix<double>> scaled;      // over sigma
  std::vector<Scope> scopes;               // those that the deviation moves by a noticeable amount
  double separation = 0;                   // the largest 1 / tau_c of its scopes
};

// How much the outputs look like a deviation: 0 is correct, 1 computes it.
struct Match {
  const Signature* signature = nullptr;
  std::string scope = {};  // the name of an output, or "all outputs"
  double coefficient = 0;
  double statistic = 0;   // |coefficient| / tau_c
  double likelihood = 0;  // the log likelihood ratio of "computes the deviation" against "correct"
};

// By deviation: the log likelihood ratio of "computes it" against "correct". Those that the question does not
// show at all are left out.
using Likelihoods = std::map<const Deviation*, double>;

class Signatures {
 public:
  explicit Signatures(const Calibration& calibration);

  const std::vector<Signature>& all() const { return signatures_; }
  const std::vector<std::string>& without_effect() const {
    return without_effect_;
  }  // ids: no input shows them

  // A bound on how often a correct output matches any deviation so well; and the |coefficient| / tau_c beyond
  // which it is not to be expected: there p is 1e-6.
  double p(const Match& match, double guard) const;
  double threshold(double guard) const;
  // Whether the coefficient is 1, to the precision in which it is known.
  bool is_at_full_size(const Match& match) const;
  // Whether the question separates the deviation from correct: twice the threshold.
  bool separates(const Signature& s, double guard) const { return s.separation >= 2 * threshold(guard); }

  // The scope that speaks loudest, among those in which a deviation itself would be beyond the threshold: a
  // fainter one is a direction in which rounding errors may lie by chance. `without` is left out.
  Match loudest(const std::vector<Matrix<double>>& error, double guard,
                const Deviation* without = nullptr) const;
  // The deviations with a log likelihood ratio above `least`, most likely first; at most `count`.
  std::vector<Match> likeliest(const std::vector<Matrix<double>>& error, double least, int count,
                               const Deviation* without = nullptr) const;
  Likelihoods likelihoods(const std::vector<Matrix<double>>& error) const;

 private:
  // z = error / sigma; of the scopes, those with at most that reach.
  Match match(const Signature& s, const std::vector<Matrix<double>>& z,
              double most_reach = std::numeric_limits<double>::infinity()) const;

  double members() const { return double(calibration_.member_errors().size()); }

  const Calibration& calibration_;
  std::vector<Signature> signatures_;
  std::vector<std::string> without_effect_;
  int scopes_ = 0;
};

}  // namespace plumbline
