// erfc of many digits by series about nearby points, which takes a quarter of the time of MPFR, which begins
// anew at each argument.
#pragma once

#include <mpfr.h>

namespace plumbline {

// y = erfc x, correctly rounded to the precision of y: the bits of mpfr_erfc.
//   domain: all x, as in MPFR; series (below) are used up to |x| = 26 and 512 bits
//   rounding: MPFR_RNDN, MPFR_RNDU or MPFR_RNDD
void complementary_error(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding);

// y = erfc x nearly, by a series. Returns e with |y - erfc x| <= 2^e.
//   domain: |x| <= 26, the precision of y at least 64
mpfr_exp_t complementary_error_near(mpfr_ptr y, mpfr_srcptr x);

}  // namespace plumbline
