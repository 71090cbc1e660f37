// Looking for the candidate that explains the answers best, and is the least odd of those that do.
#pragma once

#include "plumbline/identify/fit.hpp"
#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

// Searches among the candidates of one space, which must outlive it.
class Search {
 public:
  // Lists the knobs and numbers of the space.
  explicit Search(const Space& space)
      : space_(space), knobs_(variations_of(space)), numbers_(numbers_of(space)) {}

  // What a candidate costs, in nats: it is chosen for as large a likelihood, and as few odd choices, as
  // there is.
  //   formula: misfit + oddity log(1/alpha) + d log 10 for each number of d digits that nobody publishes;
  //     alpha is that of the judge
  double cost(const Candidate& candidate, const Evidence& evidence) const;

  // The `count` best, best first, each once; those that have no value are left out.
  std::vector<Candidate> best(const std::vector<Candidate>& candidates, const Evidence& evidence,
                              int count) const;

  // Turns one knob at a time to its best value until none helps.
  Candidate descend(Candidate start, const Evidence& evidence, unsigned groups) const;

  // Sets the numbers to what explains best, in as few digits as explain it.
  Candidate solve(Candidate start, const Evidence& evidence, unsigned groups) const;

  // descend; where that does not explain the answers, solve; then from some of the best neighbours too, for
  // two knobs that help only together. What has mistakes gives way to what explains as much without them.
  Candidate look(const Candidate& start, const Evidence& evidence, unsigned groups) const;

  // All of the space.
  const std::vector<Variation>& knobs() const { return knobs_; }

 private:
  Candidate nearest(const Candidate& start, const Evidence& evidence, unsigned groups) const;
  double cost(const Candidate& candidate, const Evidence& evidence, double limit) const;
  Candidate solved(const Candidate& start, const Number& number, const Evidence& evidence) const;
  Candidate solved(Candidate start, const Evidence& evidence, unsigned groups, const Number* fixed) const;

  const Space& space_;
  std::vector<Variation> knobs_;
  std::vector<Number> numbers_;
};

}  // namespace plumbline::identify
