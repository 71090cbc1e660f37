// A step of a sum of products in many digits.
#pragma once

#include "plumbline/number/scalars.hpp"

namespace plumbline {

// z += x y, rounded twice as by the operators, which make a number on the way, copy it and throw it away;
// `between` takes its place.
template <class S>
void add_product(const S& x, const S& y, S& z, S& between) {
  if constexpr (is_interval<S>) {
    z += x * y;
  } else {
    mpfr_mul(between.backend().data(), x.backend().data(), y.backend().data(), MPFR_RNDN);
    mpfr_add(z.backend().data(), z.backend().data(), between.backend().data(), MPFR_RNDN);
  }
}

}  // namespace plumbline
