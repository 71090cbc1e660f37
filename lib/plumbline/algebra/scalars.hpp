// The kinds of number that a plain algebra computes with. Boost's headers are heavy: include this only where
// many digits or enclosures are meant.
#pragma once

#include <boost/multiprecision/eigen.hpp>
#include <boost/multiprecision/mpfi.hpp>
#include <boost/multiprecision/mpfr.hpp>

#include "plumbline/algebra/function.hpp"
#include "plumbline/algebra/matrix.hpp"

namespace plumbline {

namespace mp = boost::multiprecision;
using Mp50 = mp::number<mp::mpfr_float_backend<50, mp::allocate_stack>, mp::et_off>;
using Mp100 = mp::number<mp::mpfr_float_backend<100, mp::allocate_stack>, mp::et_off>;
// Enclosures: the true value lies between the two ends. 60 digits are 202 bits, 120 digits 401.
using Interval60 = mp::number<mp::mpfi_float_backend<60>, mp::et_off>;
using Interval120 = mp::number<mp::mpfi_float_backend<120>, mp::et_off>;

#define PLUMBLINE_FOR_EACH_SCALAR(apply) \
  apply(float) apply(double) apply(long double) apply(Mp50) apply(Mp100) apply(Interval60) apply(Interval120)

template <unsigned digits>
inline constexpr bool is_interval<mp::number<mp::mpfi_float_backend<digits>, mp::et_off>> = true;

}  // namespace plumbline
