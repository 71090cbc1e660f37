// Values that real code falls off, of the recipe of that name.
#pragma once

#include "plumbline/oracle/drawing.hpp"
#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

// Tokens: ordinary ones, and some that are nearly constant, 0, or large where a norm reads them first.
Matrix<double> edge_rows(Draw& draw, int rows, int cols, const BlockSpec& spec, const Profile& profile);

// Whether what is exactly 0 has a value and one slope everywhere. A ReLU has two; a norm's is 1 / sqrt(eps),
// which code computes from its third power among the statistics.
bool takes_zeros(const BlockSpec& spec, const Profile& profile);

}  // namespace plumbline
