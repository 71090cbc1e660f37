// What enclosures need beyond arithmetic: their ends, and functions that MPFI lacks.
#pragma once

#include "plumbline/algebra/scalars.hpp"

namespace plumbline {

// The two ends, in 120 digits (exact for every supported interval), and what is made of them.
using End = mp::number<mp::mpfr_float_backend<121, mp::allocate_stack>, mp::et_off>;

template <class I>
End lower(const I& x) {
  End y;
  mpfr_set(y.backend().data(), &x.backend().data()->left, MPFR_RNDD);
  return y;
}

template <class I>
End upper(const I& x) {
  End y;
  mpfr_set(y.backend().data(), &x.backend().data()->right, MPFR_RNDU);
  return y;
}

// Whether 0 may be the enclosed value. False proves that it is not; true proves nothing unless the width is
// small.
template <class I>
bool contains_zero(const I& x) {
  return mpfi_has_zero(x.backend().data()) != 0;
}

// Whether the ends are numbers at all.
template <class I>
bool is_bounded(const I& x) {
  return mpfi_bounded_p(x.backend().data()) != 0;
}

template <class I>
bool contains(const I& x, const I& y) {
  return mpfi_is_inside(y.backend().data(), x.backend().data()) > 0;
}

// An interval that reaches from the lower end of x to the upper end of y.
template <class I>
I hull(const I& x, const I& y) {
  I z;
  mpfi_union(z.backend().data(), x.backend().data(), y.backend().data());
  return z;
}

// Upper bound of (upper - lower), rounded up.
template <class I>
End width(const I& x) {
  End y;
  mpfi_diam_abs(y.backend().data(), x.backend().data());
  return y;
}

// The largest absolute value in x, rounded up; the smallest, rounded down.
template <class I>
End magnitude(const I& x) {
  End y;
  mpfi_mag(y.backend().data(), x.backend().data());
  return y;
}
template <class I>
End mignitude(const I& x) {
  End y;
  mpfi_mig(y.backend().data(), x.backend().data());
  return y;
}

// width / mignitude: the relative width; infinite where x holds 0 and is no point, 0 for a point.
template <class I>
double relative_width(const I& x) {
  const End w = width(x);
  return w == 0 ? 0.0 : static_cast<double>(End(w / mignitude(x)));
}

// A point of x near its middle.
template <class I>
I middle(const I& x) {
  I y;
  mpfr_t m;
  mpfr_init2(m, mpfi_get_prec(x.backend().data()));
  mpfi_mid(m, x.backend().data());
  mpfi_set_fr(y.backend().data(), m);
  mpfr_clear(m);
  return y;
}

// erfc is decreasing: its range over [a, b] is [erfc b, erfc a], each end rounded outward.
template <class I>
I interval_erfc(const I& x) {
  I y;
  mpfr_erfc(&y.backend().data()->left, &x.backend().data()->right, MPFR_RNDD);
  mpfr_erfc(&y.backend().data()->right, &x.backend().data()->left, MPFR_RNDU);
  return y;
}

template <class I>
I interval_max(const I& x, const I& c) {
  I y;
  mpfr_max(&y.backend().data()->left, &x.backend().data()->left, &c.backend().data()->left, MPFR_RNDD);
  mpfr_max(&y.backend().data()->right, &x.backend().data()->right, &c.backend().data()->right, MPFR_RNDU);
  return y;
}

template <class I>
I interval_above(const I& x, const I& c) {
  const bool surely = mpfr_greater_p(&x.backend().data()->left, &c.backend().data()->right);
  const bool possibly = mpfr_greater_p(&x.backend().data()->right, &c.backend().data()->left);
  return surely ? I(1) : possibly ? hull(I(0), I(1)) : I(0);
}

}  // namespace plumbline
