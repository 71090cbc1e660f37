// A suite: questions chosen from many so that each deviation of the catalogue that can be told from correct
// arithmetic is told by one of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/oracle/exchange.hpp"

namespace plumbline {

// By deviation: its separation over the one that is asked for; from 1 on the question separates it.
using Separations = std::map<std::string, double>;

struct SuiteCase {
  Request request;
  Separations separations;
};

// What the question separates; nothing where it can judge nothing: correct code overflows, or an empty answer
// would pass.
std::optional<SuiteCase> candidate(const Request& request);

// At most `count` of the candidates: as long as that separates further deviations the one that separates most
// of them, then those that separate them better. In the order of the candidates.
std::vector<SuiteCase> choose(std::vector<SuiteCase> candidates, int count);

// The case that separates a deviation best, and by how much.
struct Separated {
  std::string id;
  double factor = 0;
};
std::map<std::string, Separated> best_separations(const std::vector<SuiteCase>& cases);

}  // namespace plumbline
