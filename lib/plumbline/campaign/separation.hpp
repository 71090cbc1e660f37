// What the questions that fail have in common, and those that agree have not: "d is not a multiple of 4".
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/recipes.hpp"

namespace plumbline {

// The one condition on sizes, or on the recipe of the numbers, which all failing questions meet, fewest of
// the others do, and chance does not explain; or nothing.
//   formula: f questions fail of n, and k of the n meet a condition. If failing had nothing to do with it,
//   all f
//     would meet it with probability C(k, f) / C(n, f). Told where that, times the number of conditions that
//     were tried, is below separation_chance
//   domain: conditions are x > c, x < c, x not a multiple of m (2, 4, ..., 128), for each size x; two sizes
//     that differ; one recipe
//   returns: "all 12 that fail, and none of the 20 that agree: d is not a multiple of 4"; empty where there
//   is
//     nothing to tell
inline constexpr double separation_chance = 1e-3;
std::string separation(const std::vector<QuestionSettings>& failing,
                       const std::vector<QuestionSettings>& agreeing);

}  // namespace plumbline
