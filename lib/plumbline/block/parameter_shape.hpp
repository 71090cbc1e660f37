// The name and shape of a parameter. Features list theirs beside their formulas.
#pragma once

#include <string>
#include <vector>

namespace plumbline {

// What a parameter is to its module, and which module that is: a projection has a weight and a bias, a norm a
// gain and a shift (gamma and beta); a sink is no part of either, nor is a rate, of any sign, at which
// something is taken in or out.
enum class Role { weight, bias, gain, shift, sink, rate, input };
enum class Module {
  q_proj,
  k_proj,
  v_proj,
  o_proj,
  gate_proj,
  up_proj,
  down_proj,
  norm,  // on the stream: before or after a sublayer, or by itself
  norm_q,
  norm_k,
  norm_v,
  norm_mid,
  sink,
  attention_gate,
  latent_down,  // of queries, or of keys and values: to a latent vector
  kv_b_proj,    // from there to the heads of keys and values
  norm_latent,
  relative_bias,
  router,    // of experts
  mixer,     // of several residual streams: a gain is what its logits are multiplied by
  residual,  // where a branch joins the stream
  linear,    // by itself
  none       // of an input
};

// A parameter, or an input beside x.
struct ParameterShape {
  std::string name;  // e.g. layers.0.attn.q_proj.weight
  int rows, cols;    // [out, in] for projections; [1, width] for gains and biases
  Role role = Role::input;
  Module module = Module::none;
  int gain_offset = 0;  // of a gain: 1 where gamma is 1 + weight

  // One number a channel: a vector [cols] to whoever does not fold everything into matrices.
  bool is_vector() const { return role != Role::weight && role != Role::input; }
  bool is_of_norm() const {
    return (role == Role::gain || role == Role::shift) && module != Module::mixer &&
           module != Module::residual;
  }
};

// In the order in which they are used.
using ParameterShapes = std::vector<ParameterShape>;

}  // namespace plumbline
