// What came of a run: one result per case or law, and each kind of failure at its smallest. Verification
// fills this in; the formats (text, Markdown, JSON, JUnit) only write it down.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/live/sensitivity.hpp"
#include "plumbline/locate/locate.hpp"

namespace plumbline::cli {

struct Result {
  std::string id;       // a path: "llama/1/17", "laws/PRE-3"
  std::string outcome;  // a finding's name; of a law "holds" or "broken"; "skipped" or "discarded"
  std::string message;  // one line; empty where there is nothing to say
  double seconds = 0;
  std::vector<std::string> where = {};  // of a failure: which outputs, rows, heads and channels
  Nearness nearness = {};               // of what agrees: how far from the truth

  // Right, or nothing that could be judged.
  bool passed() const { return outcome == "agrees" || outcome == "holds"; }
  bool judged() const { return outcome != "skipped" && outcome != "discarded"; }
  bool failed() const { return judged() && !passed(); }
};

struct Failure {
  std::string headline;                 // "wrong: computes ..."
  std::string found = {};               // where: "llama/1/17, B=2 T=6 d=31"
  std::string smallest = {};            // "B=1 T=1 d=5"; empty where none was looked for
  std::string replay = {};              // the one command that asks it again
  std::vector<std::string> where = {};  // which outputs, rows, heads and channels
  // Ids of deviations: what is computed, what is the same in these cases, and what else explains them.
  std::vector<std::string> deviations = {}, same = {}, possible = {};
  std::set<std::string> laws = {};  // that are broken because of it
  double likelihood = 0;            // the log likelihood ratio of these deviations against "correct"
  int cases = 0;                    // that failed in this way
  int tries = 0;                    // that the shrinking took
};

struct RunReport {
  std::string title;                                            // "plumbline verify llama"
  std::vector<std::pair<std::string, std::string>> facts = {};  // profile, command, seed: in this order
  std::vector<Result> results = {};
  std::vector<Failure> failures = {};  // the first one is the diagnosis
  std::vector<std::string> notes = {};
  Sensitivity sensitivity = {};  // of the cases that agree
  std::string stopped = {};      // why it ended before its time; empty otherwise
};

// How many results of each outcome, the worst first.
std::vector<std::pair<std::string, int>> counts(const RunReport& report);

// 0: something was judged, and nothing failed. 1: anything else.
int exit_status(const RunReport& report);

std::string to_text(const RunReport& report);
std::string to_markdown(const RunReport& report);
std::string to_json_text(const RunReport& report);
std::string to_junit(const RunReport& report);

}  // namespace plumbline::cli
