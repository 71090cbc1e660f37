// A suite: questions chosen from many so that each deviation of the catalogue that can be told from correct
// arithmetic is told by one of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/exchange/exchange.hpp"

namespace plumbline {

// By id of a deviation: its separation over the one that is asked for; from 1 on the question separates it.
using Separations = std::map<std::string, double>;

// A question, and what it separates.
struct SuiteCase {
  Request request;
  Separations separations;
};

// What the question separates. Throws NothingToJudge, which says why, where it can judge nothing: correct
// code overflows, experts are tied, an empty answer would pass; Error where the inputs are not numbers of the
// storage type.
SuiteCase suite_case(const Request& request);
// The same, or nothing where it can judge nothing.
std::optional<SuiteCase> candidate(const Request& request);

// `count` of the candidates, or all: one after the other that which separates most further deviations, and
// among equals that which separates them better. In the order of the candidates.
std::vector<SuiteCase> choose(std::vector<SuiteCase> candidates, int count);

// By id of a deviation: the case that separates it best, and by how much.
struct Separated {
  std::string id;
  double factor = 0;
};
std::map<std::string, Separated> best_separations(const std::vector<SuiteCase>& cases);

}  // namespace plumbline
