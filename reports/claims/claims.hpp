// Published claims about where the norm stands: what was run or proved, and the verdict.
#pragma once

#include <string>
#include <vector>

#include "plumbline/base/names.hpp"
#include "reports/chains/depth_record.hpp"
#include "reports/chains/records.hpp"
#include "reports/findings/records.hpp"
#include "reports/properties/laws_page.hpp"
#include "reports/training/training_page.hpp"

namespace plumbline::reports {

// not_implied: what was run neither shows the claim nor excludes it. not_tested: nothing was run.
enum class Verdict { holds, holds_with_a_condition, not_implied, refuted, not_tested };

}  // namespace plumbline::reports

namespace plumbline {
PLUMBLINE_NAMES(reports::Verdict, {holds, "holds"}, {holds_with_a_condition, "holds with a condition"},
                {not_implied, "not implied"}, {refuted, "refuted"}, {not_tested, "not tested"})
}  // namespace plumbline

namespace plumbline::reports {

enum class Relation { at_most, at_least };

// What was observed, the worst over all seeds and settings it speaks of, against a bound.
struct Comparison {
  std::string what;
  double observed;
  Relation relation;
  double bound;
};
// False too where the observed is no number.
bool holds(const Comparison& comparison);

struct Claim {
  std::string id, says, source;
  Verdict if_so, otherwise;             // whether all comparisons and all laws hold
  std::string line;                     // what was found where they do
  std::string tried;                    // on what
  std::vector<Comparison> comparisons;  // none and no laws: not tested
  std::vector<std::string> laws = {};   // ids of properties.md
  bool laws_hold = true;
  std::string page = {};  // where more is said
};

// Follows from comparisons and laws; never written by hand.
Verdict verdict(const Claim& claim);

struct Evidence {
  const FindingRecords& findings;
  const ChainRecords& chains;
  const LawRecords& laws;
  const DepthRecord& depth;
  const TrainingFiles& training;
};

// Those of the text this project began with; of papers, judged by exact chains and laws; by the record of
// stacks; by the record of mixers; by training runs; and those that nothing was run for.
std::vector<Claim> founding_claims(const Evidence& evidence);
std::vector<Claim> exact_claims(const Evidence& evidence);
std::vector<Claim> stack_claims(const DepthRecord& record);
std::vector<Claim> mixer_claims(const DepthRecord& record);
std::vector<Claim> trained_claims(const TrainingFiles& training);
std::vector<Claim> untested_claims();

// All of these, in that order, each with whether its laws hold. Throws std::logic_error where one cites a law
// that does not exist.
std::vector<Claim> all_claims(const Evidence& evidence);

}  // namespace plumbline::reports
