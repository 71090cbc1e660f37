// What a run of the laws leaves for the reports: one record per law, the same on every machine.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace plumbline::properties {

// A mutant that the law lists, and what came of trying the law on it.
struct Kill {
  std::string mutant, formula;
  int after_cases = 0;  // 0: it survived all of them
};

struct LawRecord {
  std::string id, claim;
  bool holds = false;
  int cases = 0;                                  // that were tried and held
  std::map<std::string, int> coverage = {};       // kind of case -> how many of them
  std::vector<std::string> subjects = {};         // tried in these cells of the table, in its order
  std::map<std::string, std::string> empty = {};  // the other cells -> why not
  std::vector<std::string> algebras = {};         // that the subject was evaluated in
  // Of identities: the widest residual relative to the largest number compared. Of bounds: the smallest
  // ratio of bound to bounded. Three digits, rounded up and down.
  std::string widest_residual = {}, tightest_bound = {};  // "" where the law makes no such comparison
  std::vector<Kill> kills = {};
};

// Every law on the reference with the fixed seed, then on every mutant that it lists; sorted by id.
// `progress` is told what is being tried. RapidCheck keeps global state: call this from one thread at a time.
std::vector<LawRecord> run_all(const std::function<void(const std::string& id)>& progress);

// One line of JSON, without the newline; keys in a fixed order.
std::string to_json_line(const LawRecord& record);

// One line per record.
void write_records(const std::vector<LawRecord>& records, std::ostream& out);

}  // namespace plumbline::properties
