// What is read off an enclosure: its ends, its width, what it proves.
#pragma once

#include <algorithm>
#include <limits>

#include "plumbline/number/scalars.hpp"

namespace plumbline {

// The two ends, in 120 digits, which is exact for every supported enclosure, and what is made of them.
// What may not exist lies between no ends: its lower one is -infinity, its upper one infinity, so they
// prove nothing.
using End = mp::number<mp::mpfr_float_backend<121, mp::allocate_stack>, mp::et_off>;

// Whether the value exists and the ends are numbers.
template <class I>
bool is_bounded(const I& x) {
  return x.domain() == Domain::def && mpfi_bounded_p(x.range());
}

// The ends of x.
//   bound: lower(x) <= every enclosed value <= upper(x)
template <class I>
End lower(const I& x) {
  if (x.domain() != Domain::def) return -std::numeric_limits<End>::infinity();
  End y;
  mpfr_set(y.backend().data(), &x.range()->left, MPFR_RNDD);
  return y;
}

// See lower.
template <class I>
End upper(const I& x) {
  if (x.domain() != Domain::def) return std::numeric_limits<End>::infinity();
  End y;
  mpfr_set(y.backend().data(), &x.range()->right, MPFR_RNDU);
  return y;
}

// Whether 0 may be the enclosed value. False proves that it is not; true proves nothing, unless the width
// is small.
template <class I>
bool contains_zero(const I& x) {
  return x.domain() != Domain::def || mpfi_has_zero(x.range());
}

// Whether every point of y is one of x; false where one of them may not exist.
template <class I>
bool contains(const I& x, const I& y) {
  return x.domain() == Domain::def && y.domain() == Domain::def && mpfi_is_inside(y.range(), x.range()) > 0;
}

// Upper bound of upper - lower, rounded up; infinity where x may not exist.
template <class I>
End width(const I& x) {
  End y = std::numeric_limits<End>::infinity();
  if (x.domain() == Domain::def) mpfi_diam_abs(y.backend().data(), x.range());
  return y;
}

// The largest absolute value in x, rounded up; the smallest, rounded down. Infinity and 0 where x may
// not exist.
template <class I>
End magnitude(const I& x) {
  End y = std::numeric_limits<End>::infinity();
  if (x.domain() == Domain::def) mpfi_mag(y.backend().data(), x.range());
  return y;
}
template <class I>
End mignitude(const I& x) {
  End y = 0;
  if (x.domain() == Domain::def) mpfi_mig(y.backend().data(), x.range());
  return y;
}

// width / mignitude: the relative width; infinite where x holds 0 and is no point, 0 for a point.
template <class I>
double relative_width(const I& x) {
  const End w = width(x);
  return w == 0 ? 0.0 : static_cast<double>(End(w / mignitude(x)));
}

}  // namespace plumbline
