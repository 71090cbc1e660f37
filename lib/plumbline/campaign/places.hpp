// Where answers are wrong, as a run reports it: of one case, and of all cases that fail alike.
#pragma once

#include <map>

#include "plumbline/campaign/examine.hpp"
#include "plumbline/campaign/run_report.hpp"

namespace plumbline {

// What was located in the answer becomes a part of its result.
void add_places(Result& result, const Examination& examination);

// Its message; where nothing has a name, the place leads.
std::string with_place(const std::string& place, const Examination& failed);

// The places of failures of one kind, counted.
class Places {
 public:
  // A failure without a place counts too: commonest() is empty where most have none.
  void add(const Examination& failed) { ++count_[failed.place]; }

  // "y: channels from 32 on of every head are 0": what is said of most of the cases; may be empty.
  std::string commonest() const;
  // How many cases it is said of, where it is not of all; then what is said of one of them.
  std::vector<std::string> lines(const Examination& one) const;

 private:
  std::map<std::string, int> count_;
};

}  // namespace plumbline
