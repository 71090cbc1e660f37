// Values at which real code fails: the recipe `edges`.
#pragma once

#include "plumbline/block/block_spec.hpp"
#include "plumbline/cases/drawing.hpp"

namespace plumbline {

// Tokens [rows, cols]: ordinary ones, and some that are nearly constant, 0 where takes_zeros, or large where
// a norm reads them first.
Matrix<double> edge_rows(Draw& draw, int rows, int cols, const BlockSpec& spec, const Profile& profile);

// Whether the block has a value and one slope where a token or a row of weights is exactly 0. A ReLU has two
// slopes there; a norm has 1 / sqrt(eps), which code computes from its third power: too large for the types
// of the profile where eps is small.
bool takes_zeros(const BlockSpec& spec, const Profile& profile);

}  // namespace plumbline
