// What one forward pass costs, counted by running the block over Cost.
#pragma once

#include "plumbline/algebra/cost.hpp"
#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// The forward pass over `batch` sequences of `tokens` tokens, all layers and the final norm; sdpa has
// `key_tokens` keys, or, where that is 0, as many as tokens. Throws Error beyond 2^63 multiply-adds.
Cost cost_of(const BlockSpec& spec, int tokens, int batch = 1, int key_tokens = 0);

}  // namespace plumbline
