// Which sizes the questions of a run had: an agreement says nothing about others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/campaign/asked_sizes.hpp"

namespace plumbline {

// The smallest and the largest of each size so far.
class Reached {
 public:
  // A question that was answered and judged; others say nothing, and are not for the caller to add.
  void add(const QuestionSettings& asked);

  // "reached T 1…257, heads of 16…128, 3 × the window", and what was not: "not reached: ...". Nothing where
  // nothing was asked.
  std::vector<std::string> lines() const;

 private:
  struct Extent {
    int least, most;
  };
  void extend(const std::string& name, int size);
  int most(const char* name) const;
  std::string sizes() const;
  std::vector<std::string> missing() const;

  std::map<std::string, Extent, std::less<>> sizes_;
  int attending_ = 0, shared_ = 0;  // questions with attention, and those whose heads share keys and values
  bool has_window_ = false;
  double windows_ = 0;  // the longest sequence, in windows
};

}  // namespace plumbline
