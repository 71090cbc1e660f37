// Looking for the candidate that explains the answers best, and is the least odd of those that do.
#pragma once

#include "plumbline/identify/fit.hpp"
#include "plumbline/identify/knobs.hpp"

namespace plumbline::identify {

class Search {
 public:
  explicit Search(const Space& space) : space_(space), knobs_(knobs_of(space)), numbers_(numbers_of(space)) {}

  // Nats: the misfit, and for every odd choice what an oddity has to explain: it must make the answers
  // 1/alpha times likelier, with the judge's alpha; and 10 times for each digit of a number that nobody
  // publishes.
  double cost(const Candidate& candidate, const Evidence& evidence) const;

  // The `count` best, best first, each once; those that have no value are left out.
  std::vector<Candidate> best(const std::vector<Candidate>& candidates, const Evidence& evidence,
                              int count) const;

  // Turns one knob at a time to its best value until none helps.
  Candidate descend(Candidate start, const Evidence& evidence, unsigned groups) const;

  // Sets the numbers to what explains best, in as few digits as explain it.
  Candidate solve(Candidate start, const Evidence& evidence, unsigned groups) const;

  // descend; where that does not explain the answers solve, and then from some of the best neighbours too:
  // two knobs that help only together. What has mistakes gives way to what explains as much without.
  Candidate look(const Candidate& start, const Evidence& evidence, unsigned groups) const;

  const std::vector<Knob>& knobs() const { return knobs_; }

 private:
  Candidate nearest(const Candidate& start, const Evidence& evidence, unsigned groups) const;
  double cost(const Candidate& candidate, const Evidence& evidence, double limit) const;
  Candidate solved(const Candidate& start, const Number& number, const Evidence& evidence) const;
  Candidate solved(Candidate start, const Evidence& evidence, unsigned groups, const Number* fixed) const;

  const Space& space_;
  std::vector<Knob> knobs_;
  std::vector<Number> numbers_;
};

}  // namespace plumbline::identify
