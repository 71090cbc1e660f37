// What came of a run: one result per case or relation, and each kind of failure at its smallest. Verification
// fills this in; the formats (text, Markdown, JSON, JUnit) only write it down.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plumbline/campaign/asked_sizes.hpp"
#include "plumbline/campaign/outcome.hpp"
#include "plumbline/campaign/sensitivity.hpp"
#include "plumbline/locate/locate.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// What came of one case, or of one relation on one question.
struct Result {
  std::string id;  // a path: "llama/1/17", "llama/1/laws/shift/1"
  Outcome outcome = Outcome::agrees;
  std::string message = {};  // one line; empty where there is nothing to say
  double seconds = 0;
  bool is_law = false;
  std::vector<std::string> where = {};   // of a failure: which outputs, rows, heads and channels
  std::optional<WorstEntry> worst = {};  // of a failure: the entry that is farthest beyond its limit
  Nearness nearness = {};                // of what agrees: how far from the truth

  // As is_judged and is_failure say of its outcome.
  bool judged() const { return is_judged(outcome); }
  bool failed() const { return is_failure(outcome); }
};

// One kind of failure, however many cases show it.
struct Failure {
  std::string headline;  // "wrong: computes ..."
  Outcome outcome = Outcome::wrong;
  std::string found = {};                            // where: "llama/1/17, B=2 T=6 d=31"
  std::string smallest = {};                         // "B=1 T=1 d=5"; empty where none was looked for
  AskedSizes found_sizes = {}, smallest_sizes = {};  // the same as numbers
  std::string replay = {};                           // the one command that asks it again
  std::string file = {};                             // the smallest case, with the answer to it
  std::optional<WorstEntry> worst = {};              // of the smallest case, or of the one that was found
  std::vector<std::string> where = {};               // which outputs, rows, heads and channels
  std::string place = {};                            // of these what is said of most cases, in one phrase
  std::string separation = {};                       // from the cases that agree: separation.hpp
  // Ids of deviations: what is computed, what is the same in these cases, and what else explains them.
  std::vector<std::string> deviations = {}, same = {}, possible = {};
  std::string law = {};             // that is broken, where no case is wrong
  std::string right_in = {};        // of what is coarser: the profile in which it is right
  std::set<std::string> laws = {};  // that are broken because of it
  double log_ratio = 0;             // the log likelihood ratio of these deviations against "correct"
  int cases = 0;                    // that failed in this way
  int gaps = 0;          // of these, with entries that are no number where what is computed is none
  int tries = 0;         // that the shrinking took
  bool was_cut = false;  // and might have gone on
};

// All that is known of a run. Title and facts come from whoever starts it, the rest from the run.
struct RunReport {
  std::string title;                                            // "plumbline verify llama"
  std::vector<std::pair<std::string, std::string>> facts = {};  // profile, command, seed: in this order
  Json asked = {};  // spec as it was given, profile, seed, cases, gradients; null where that says nothing
  std::vector<Result> results = {};
  std::vector<Failure> failures = {};  // the first one is the diagnosis
  std::vector<std::string> notes = {};
  Sensitivity sensitivity = {};  // of the cases that agree
  std::string stopped = {};      // why it ended before its time; empty otherwise
  std::string fault = {};        // what went wrong in Plumbline itself, which is no verdict; empty otherwise
  int signal = 0;                // that ended it, if one did
  double max_skipped = 100;      // per cent of the cases that may be skipped or discarded
  bool asks_again = false;       // one case that failed: it is enough that it fails no more
};

}  // namespace plumbline
