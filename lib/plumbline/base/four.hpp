// Four doubles that are computed with at once: one register of processors that have such wide ones, two of
// others, and the same sums in both.
#pragma once

#include "plumbline/base/wider.hpp"

namespace plumbline {

// They may stand at any double's address, and be read as doubles too.
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));

// The four doubles that begin at x.
PLUMBLINE_INLINE Four& four(double* x) { return *reinterpret_cast<Four*>(x); }
PLUMBLINE_INLINE const Four& four(const double* x) { return *reinterpret_cast<const Four*>(x); }

// Their sum.
PLUMBLINE_INLINE double sum_of(const Four& x) { return (x[0] + x[1]) + (x[2] + x[3]); }

}  // namespace plumbline
