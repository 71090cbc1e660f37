// Numbers as a reader wants them: so many significant digits, a power of ten where the number is far from 1.
#pragma once

#include <string>

#include "plumbline/number/interval.hpp"

namespace plumbline::reports {

// "1.86", "0.0123", "1.8e-17".
std::string significant(const Mp50& x, int digits = 3);

// The enclosed number to that many digits, or as many of them as both ends agree on; "0" for the point 0, and
// "|.| < 1.2e-58" for what cannot be told from 0.
std::string significant(const Interval60& x, int digits = 3);

// Thousands apart: "1,234,567".
std::string counted(long n);

}  // namespace plumbline::reports
