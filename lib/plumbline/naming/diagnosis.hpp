// One diagnosis of many answers of one implementation. A bug shows differently from question to question, and
// deviations that look alike in one are told apart in another; so all answers together say what is computed.
#pragma once

#include <span>

#include "plumbline/exchange/exchange.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/naming/neighbourhood.hpp"

namespace plumbline {

// A judged answer. The request and the outputs are looked at only where the verdict is a failure.
struct Evidence {
  const Request* request;
  const Outputs* outputs;
  const Verdict* verdict;
};

// What explains a group of failures: each of them could be the output of a correct implementation of the
// block that computes the deviations, or an alternative.
struct Diagnosis {
  Deviations deviations = {};   // one, two, or, where no known ones explain these failures, none
  double log_ratio = 0;         // log likelihood ratio against "correct", of all these failures together
  Deviations same = {};         // compute the same as a single deviation in each of these failures
  Deviations possible = {};     // explain each of them too, less likely
  std::vector<int> cases = {};  // the failures, as indices of the evidence
  int absent = 0;               // answers that agree, and would not if the deviation were always computed
  std::optional<Neighbour> alternative = {};  // where no deviation of the catalogue explains as much

  // Whether it says what is computed instead.
  bool is_named() const { return !deviations.empty() || alternative; }
  // Coarser where it is right but for the arithmetic.
  Finding finding() const {
    return alternative && alternative->is_arithmetic ? Finding::coarser : Finding::wrong;
  }
};

// The fewest explanations: first what explains most failures, a single deviation before an alternative, that
// before a pair, and of those that explain as many the likeliest; then the same of the rest. Failures that
// are right in a coarser profile are explained by what the others compute; without others, by their
// arithmetic. The unexplained come last, or first where nothing explains more than half of the failures: a
// name for a few may be an accident. It is one, and is not given, where most failures are only coarser and
// agreeing answers exclude it.
std::vector<Diagnosis> diagnose(std::span<const Evidence> evidence);

// Whether the outputs could be those of a correct implementation of the block that computes these deviations.
bool explains(const Deviations& deviations, const Request& request, const Outputs& outputs);

// The same of what a diagnosis names.
bool explains(const Diagnosis& diagnosis, const Request& request, const Outputs& outputs);

// Of an answer with entries that are no number: whether the block that computes these deviations has none in
// the same entries of y, and no others.
bool explains_gaps(const Deviations& deviations, const Request& request, const Outputs& outputs);

// "computes norm/eps-outside-sqrt, 1/(sqrt(v) + eps)"
std::string describe(const Deviations& deviations);
std::string described_name(const Diagnosis& diagnosis);

// One line for people: "computes norm/eps-outside-sqrt, 1/(sqrt(v) + eps) (likelihood ratio e^413, explains
// 37 of 37 failing cases)", of `failures` in all.
std::string describe(const Diagnosis& diagnosis, int failures);

}  // namespace plumbline
