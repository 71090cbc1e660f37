// The parameters that a spec asks for: names and shapes, in the order in which they are used.
#pragma once

#include <string>
#include <vector>

#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

struct ParameterShape {
  std::string name;  // e.g. layers.0.attn.q_proj.weight
  int rows, cols;    // [out, in] for projections; [1, width] for gains and biases
};

std::vector<ParameterShape> parameter_shapes(const BlockSpec& spec);

// The number of channels that the norm in slot q or k sees at a time.
int norm_width(const NormSpec& norm, int hidden, int heads, int head_dim);

}  // namespace plumbline
