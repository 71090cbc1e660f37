// Where answers are wrong, as a run reports it: of one case, and of all cases that fail alike.
#pragma once

#include <map>

#include "cli/live/examine.hpp"
#include "cli/run_report.hpp"

namespace plumbline::cli {

// What was located in the answer becomes a part of its result.
void add_places(Result& result, const Examination& examination);

// Its message; where nothing has a name, the place leads.
std::string with_place(const std::string& place, const Examination& failed);

class Places {
 public:
  void add(const Examination& failed) { ++count_[failed.place]; }

  // "y: channels from 32 on of every head are 0": what is said of most of the cases; may be empty.
  std::string commonest() const;
  // How many cases it is said of, where it is not of all; then what is said of one of them.
  std::vector<std::string> lines(const Examination& one) const;

 private:
  std::map<std::string, int> count_;
};

}  // namespace plumbline::cli
