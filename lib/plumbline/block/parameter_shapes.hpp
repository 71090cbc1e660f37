// The parameters that a spec asks for: names and shapes, in the order in which they are used.
#pragma once

#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// The parameters of that spec, each once.
ParameterShapes parameter_shapes(const BlockSpec& spec);

// Inputs beside x [rows, d]: residual of add_norm, k and v [key_rows, n_kv_heads head_dim] of sdpa, and what
// a question says of its keys (given_mask.hpp). They are kept with the parameters, under these names.
ParameterShapes other_inputs(const BlockSpec& spec, int rows, int key_rows, int batch = 1);

// What x is called in messages and files: "q" of sdpa.
std::string_view input_name(const BlockSpec& spec);

// The number of channels of x: d, or those of all residual streams side by side.
int input_width(const BlockSpec& spec);

// The number of channels of y: d, or 2 d of add_norm, whose sum stands to the right of the norm, or those of
// all residual streams.
int output_width(const BlockSpec& spec);

}  // namespace plumbline
