// What a record of measurements says of itself: which rule was measured, by which program, where and when.
#pragma once

#include <string>

#include "plumbline/spec/json.hpp"

namespace plumbline {

// A hash of the sources that verdicts follow from: those of algebra, block, cases, ensemble, judge, number
// and spec (rule.cmake).
std::string rule();

// {"rule", "version", "compiler", "machine", "date"}. Whoever measures adds the seeds.
Json stamp();

}  // namespace plumbline
