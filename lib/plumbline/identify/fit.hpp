// How well a candidate explains what a black box answered.
#pragma once

#include <limits>
#include <memory>
#include <unordered_map>

#include "plumbline/identify/candidate.hpp"
#include "plumbline/spec/profile.hpp"

namespace plumbline::identify {

// A question and its answer. The noise is what rounding does to a row: the mean square of the errors of
// its entries.
struct Asked {
  std::string id;
  Probe probe;
  Matrix<double> y;
  Eigen::VectorXd noise;
  double worst = 1;  // how many times its noise the worst row of a correct answer shows

  // The noise is the square of one unit in the last place of the largest entry of a row, until set_noise
  // knows better.
  Asked(std::string id, Probe probe, Matrix<double> y, const Profile& profile);
  // y of the candidate, in double. Throws Error where it has none.
  Matrix<double> computed(const Candidate& candidate);
  // Of each row of the candidate's y, in double: the mean square of what the answer differs by; 0 where
  // neither has finite values, infinite where one has. Empty where the candidate has no y of that shape.
  // A search comes back to the same candidates, so this is computed once for each. Hash: of the candidate.
  const Eigen::VectorXd& squares(const Candidate& candidate, std::size_t hash);
  // Sets the noise from what eight correct implementations of the candidate would answer; leaves it alone
  // where the candidate has no finite value here.
  void set_noise(const Candidate& candidate, const Profile& profile);

 private:
  // The parameters as the last candidate read them: the next one mostly has its norms in the same places.
  std::optional<std::vector<NormPlace>> places_;
  Parameters<double> read_;
  struct Known {
    Candidate candidate;
    Eigen::VectorXd squares;
  };
  std::unordered_map<std::size_t, Known> known_;  // by hash

  Eigen::VectorXd compared(const Candidate& candidate);
};

// All questions that a candidate has to explain.
using Evidence = std::vector<std::shared_ptr<Asked>>;

// How badly a candidate explains an answer, in nats: minus the logarithm of the likelihood where the size of
// the error is not known beforehand. The logarithm makes each row that is fully explained worth a lot, even
// while others are still wrong.
//   formula: the sum over rows of n entries of n/2 log(1 + mean square error / noise)
//   bad input: infinite where the candidate has no value; a row that is finite in one of both alone costs as
//     much as one that is far off
// Summed over all questions; infinite where it is beyond `limit`.
double misfit(const Candidate& candidate, const Evidence& evidence,
              double limit = std::numeric_limits<double>::infinity());

// Whether every row is about as near as correct implementations come. Not a verdict: it only says when to
// stop searching.
bool explains(const Candidate& candidate, const Evidence& evidence);

}  // namespace plumbline::identify
