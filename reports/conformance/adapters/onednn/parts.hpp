// What oneDNN computes of a block.
#pragma once

#include "engine.hpp"

namespace plumbline::onednn {

// layer_normalization_forward and _backward; part norm.
Answer layer_norm(const Request& request);

// softmax between two matrix products, with the products and the softmax of the way back; part sdpa.
Answer sdpa(const Request& request);

}  // namespace plumbline::onednn
