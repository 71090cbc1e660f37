// What the agreeing cases of a run would have noticed: an agreement says no more than that.
#pragma once

#include <map>
#include <set>
#include <string>

#include "plumbline/judge/verdict.hpp"

namespace plumbline {

// Adds up what the questions of agreeing cases can show.
class Sensitivity {
 public:
  // The relative changes of stored tensors take as long as judging does, so few cases are asked for them.
  static constexpr int most_measured = 3;

  // `judge` has found that the answer to its question agrees; that is not checked.
  void add(const Judge& judge);

  // Whether nothing has been added, so that nothing can be said.
  bool empty() const { return cases_ == 0; }
  // Ids of the deviations that some case separates from right, and of those that none does.
  const std::set<std::string>& separated() const { return separated_; }
  std::set<std::string> hidden() const;
  // By the place of a stored tensor: the smallest relative change of it that would have been noticed in y.
  const std::map<std::string, double>& smallest_change() const { return smallest_; }

 private:
  int cases_ = 0;
  std::set<std::string> separated_, applicable_;
  std::map<std::string, double> smallest_;
};

// "of 64 known mistakes these cases would have shown 61; with mask/finite, ... the answers would have
// passed", and the range of the smallest changes. Two lines at most.
std::vector<std::string> describe(const Sensitivity& sensitivity);

}  // namespace plumbline
