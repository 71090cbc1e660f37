// Right but for the arithmetic: answers that correct code gives whose types, products or sums are coarser
// than was declared.
#pragma once

#include "plumbline/naming/neighbourhood.hpp"

namespace plumbline {

// The first of coarser_arithmetic() that explains more than `least` of the failing cases: a correct
// implementation in it could give the answer, and none in it errs much less. Else sums that are
// truncated, where they are seen to be. Nothing where neither is, or where the profile is float64.
std::optional<Neighbour> explained_by_arithmetic(std::span<const Failing> failing, int least);

// Whether a single tensor is rounded, or a number has more digits than anybody writes: such a neighbour makes
// up for errors that arithmetic explains in a simpler way.
bool is_far_fetched(const Neighbour& neighbour);

}  // namespace plumbline
