// The parameters that a spec asks for: names and shapes, in the order in which they are used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

struct ParameterShape {
  std::string name;  // e.g. layers.0.attn.q_proj.weight
  int rows, cols;    // [out, in] for projections; [1, width] for gains and biases
};

std::vector<ParameterShape> parameter_shapes(const BlockSpec& spec);

// Inputs beside x [rows, d]: residual of add_norm, k and v [key_rows, n_kv_heads head_dim] of sdpa. They are
// kept with the parameters, under these names.
std::vector<ParameterShape> other_inputs(const BlockSpec& spec, int rows, int key_rows);

// What x is called in messages and files: "q" of sdpa.
std::string_view input_name(const BlockSpec& spec);

// The number of channels of y: d, or 2 d of add_norm, whose sum stands to the right of the norm.
int output_width(const BlockSpec& spec);

// The number of channels that the norm in slot q or k sees at a time.
int norm_width(const NormSpec& norm, int hidden, int heads, int head_dim);

}  // namespace plumbline
