// The kinds of number that a plain algebra computes with. Boost's headers are heavy: include this only where
// many digits or enclosures are meant.
#pragma once

#include <boost/multiprecision/eigen.hpp>
#include <boost/multiprecision/mpfr.hpp>

#include "plumbline/number/enclosure.hpp"
#include "plumbline/number/function.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// Numbers of 50 and of 100 decimal digits, rounded to nearest by MPFR.
using Mp50 = mp::number<mp::mpfr_float_backend<50, mp::allocate_stack>, mp::et_off>;
using Mp100 = mp::number<mp::mpfr_float_backend<100, mp::allocate_stack>, mp::et_off>;
// Enclosures of 60 digits, which are 202 bits, and of 120, which are 401.
using Interval60 = Enclosure<60>;
using Interval120 = Enclosure<120>;

#define PLUMBLINE_FOR_EACH_SCALAR(apply) \
  apply(float) apply(double) apply(long double) apply(Mp50) apply(Mp100) apply(Interval60) apply(Interval120)

template <unsigned digits>
inline constexpr bool is_interval<Enclosure<digits>> = true;

}  // namespace plumbline
