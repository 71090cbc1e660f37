// Attention written out entry by entry from its definition: P = softmax(scale q k', mask), o = P v. A check
// on the block, independent of its code.
#pragma once

#include "properties/generators/instances.hpp"

namespace plumbline::properties {

// The spec of a subject's cell, of four heads with that mask.
BlockSpec draw_attention(const Subject& f, MaskKind mask);

Matrix<I> attention_by_definition(const Instance& at);

// Latent attention: what the head of block/latent.hpp says, token by token.
Matrix<I> latent_by_definition(const Instance& at);

}  // namespace plumbline::properties
