// How well a candidate explains what a black box answered.
#pragma once

#include <limits>
#include <memory>

#include "plumbline/identify/candidate.hpp"
#include "plumbline/oracle/profile.hpp"

namespace plumbline::identify {

// A question and its answer. The noise is what rounding does to a row: the mean square of its entries'
// errors.
struct Asked {
  std::string id;
  Probe probe;
  Matrix<double> y;
  Eigen::VectorXd noise;
  double reach = 1;  // how many times its noise the worst row of a correct answer shows

  Asked(std::string id, Probe probe, Matrix<double> y, const Profile& profile);
  // y of the candidate, in double. Throws Error where it has none.
  Matrix<double> computed(const Candidate& candidate) const;
  // From what correct implementations of the candidate would answer; left alone where it has no value here.
  void set_noise(const Candidate& candidate, const Profile& profile);

 private:
  // The parameters as the last candidate read them: the next one mostly has its norms in the same places.
  mutable std::optional<std::vector<Place>> places_;
  mutable Parameters<double> read_;
};

using Evidence = std::vector<std::shared_ptr<Asked>>;

// Nats: for every row of n entries n/2 log(1 + mean square error / noise), which is minus the logarithm of
// the likelihood where the size of the error is not known beforehand. So a row that is explained counts for
// much though all others are not yet. Infinite where the candidate has no value.
double misfit(const Candidate& candidate, const Asked& asked);
// Infinite too where the sum is beyond `limit`.
double misfit(const Candidate& candidate, const Evidence& evidence,
              double limit = std::numeric_limits<double>::infinity());

// Whether every row is as near as correct implementations come. Not a verdict: it says when to stop
// searching.
bool explains(const Candidate& candidate, const Evidence& evidence);

}  // namespace plumbline::identify
