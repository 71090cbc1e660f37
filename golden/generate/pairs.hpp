// Blocks that complete the list: with them, every value of every choice stands in some case with every value
// of every other choice (the test Golden.EveryPairOfChoicesStandsInSomeCase).
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/case.hpp"

namespace plumbline::golden {

struct PairCase {
  std::string id;
  BlockSpec spec;
  Regime regime;
};

std::vector<PairCase> pair_cases();

}  // namespace plumbline::golden
