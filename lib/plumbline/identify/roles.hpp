// What a parameter is for, by its name.
#pragma once

#include <string>

#include "plumbline/base/names.hpp"
#include "plumbline/block/parameter_shape.hpp"

namespace plumbline::identify {

// Which module it belongs to.
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

// Which parameter of its module: a bias is the shift of a norm too, alpha is that of a dynamic tanh.
enum class NamedKind { weight, bias, alpha };

// What a name says.
struct ParameterName {
  int layer = -1;      // -1: its name has none
  std::string within;  // the name within the layer, without .weight or .bias: "attn.q_proj"
  NamedKind kind = NamedKind::weight;
  NamedRole role = NamedRole::unknown;
};

// A name taken apart at its dots. Throws Error where it ends in neither weight nor bias nor alpha (nor what
// some call them: gamma, scale, beta), or has nothing behind the number of its layer.
ParameterName parsed(const std::string& name);

// What the role is called in a spec's layer: "attn.q_proj"; empty for norms of the stream.
std::string our_name(NamedRole role);

// What such a parameter is in a spec.
Module module_of(NamedRole role);
Role role_of(const ParameterName& name);

}  // namespace plumbline::identify

namespace plumbline {
PLUMBLINE_NAMES(identify::NamedKind, {weight, "weight"}, {bias, "bias"}, {alpha, "alpha"})
}
