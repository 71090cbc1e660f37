// Correct rounding of enclosures to the number formats of stored tensors.
#pragma once

#include <optional>

#include "plumbline/number/dtype.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {

// x rounded to nearest, ties to even, in one rounding: subnormal numbers and overflow to infinity as IEEE 754
// has them.
//   domain: any x, infinities too; a floating-point dtype
//   units: a number of that format, hence exact in double; 0 has the sign +
//   error: that of one rounding
double rounded(const End& x, Dtype dtype);

// The one number of the format to which every point of x rounds; none where the two ends differ.
template <class I>
std::optional<double> rounded(const I& x, Dtype dtype) {
  const double low = rounded(plumbline::lower(x), dtype), high = rounded(plumbline::upper(x), dtype);
  return low == high ? std::optional<double>(low) : std::nullopt;
}

// One unit in the last place of x (not 0, finite) in a format of that precision whose smallest positive
// number is 2^least: 2^ulp_exponent.
long ulp_exponent(const End& x, int precision, long least);

}  // namespace plumbline
