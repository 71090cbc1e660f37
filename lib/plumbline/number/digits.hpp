// Enclosures as text: as many digits as are proved.
#pragma once

#include <string>

#include "plumbline/number/interval.hpp"

namespace plumbline {

// The enclosed value rounded to the most digits, at most `digits`, to which both ends round alike:
// "1.25e-01". "0" for the point 0; "0 +- 1.2e-110", the bound rounded up, where the enclosure cannot be told
// from 0. "no digit proved" where the ends have none in common, "no value proved" where the value may not
// exist or an end is infinite.
std::string certified_digits(const Interval120& x, int digits);

// An upper bound as text: two digits, never below x.
std::string rounded_up(const End& x);

}  // namespace plumbline
