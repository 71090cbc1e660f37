// What a parameter is for, by its name.
#pragma once

#include <string>

namespace plumbline::identify {

enum class NamedRole {
  q,
  k,
  v,
  o,
  gate,
  up,
  down,  // projections
  norm_q,
  norm_k,
  attn_mid,
  ffn_mid,
  stream_norm,
  unknown
};

// What a name says.
struct ParameterName {
  int layer = -1;      // -1: its name has none
  std::string within;  // the name within the layer, without .weight or .bias: "attn.q_proj"
  bool is_bias = false;
  NamedRole role = NamedRole::unknown;
};

// A name taken apart at its dots. Throws Error where it ends in neither weight nor bias (nor what some call
// them: gamma, scale, beta), or has nothing behind the number of its layer.
ParameterName parsed(const std::string& name);

// What the role is called in a spec's layer: "attn.q_proj"; empty for norms of the stream.
std::string our_name(NamedRole role);

}  // namespace plumbline::identify
