// What tokens bring to the state of linear attention, as models have it.
#pragma once

#include "plumbline/block/block_spec.hpp"
#include "plumbline/block/evaluate.hpp"

namespace plumbline {

// Makes of numbers of any size decays of at most 0, betas from 0 to 1, and where tokens correct the state
// keys of length 1: else it grows like the product of all 1 - beta k^2. Of part linear_attention.
//   formula: -|x| / 4, 1 / (1 + x^2), k / |k|; a key of zeros stays one
//   shapes: those of the inputs beside q (block/parameter_shapes.hpp)
void keep_states_small(Parameters<double>& inputs, const BlockSpec& spec);

}  // namespace plumbline
