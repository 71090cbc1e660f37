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
  down,
  attention_gate,
  router,
  shared_gate,
  relative_bias,  // projections, and what has the shape of one
  norm_q,
  norm_k,
  norm_v,
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
  std::string expert = {};  // whose it is, in a mixture: "experts.3" or "shared"; else empty
  bool is_whole = false;    // "correction_bias": nothing stands behind its name
};

// A name taken apart at its dots. Throws Error where it ends in neither weight nor bias nor alpha (nor what
// some call them: gamma, scale, beta), or has nothing behind the number of its layer.
ParameterName parsed(const std::string& name);

// What the role is called in a spec's layer: "attn.q_proj"; empty for norms of the stream.
std::string our_name(NamedRole role);
// The same of a parameter, with its expert, and what it ends in: "ffn.experts.3.up_proj.weight".
std::string our_name(const ParameterName& name);

// What such a parameter is in a spec.
Module module_of(NamedRole role);
Role role_of(const ParameterName& name);

}  // namespace plumbline::identify

namespace plumbline {
PLUMBLINE_NAMES(identify::NamedKind, {weight, "weight"}, {bias, "bias"}, {alpha, "alpha"})
}
