// Stacks that the laws about chains and bounds draw, and the Jacobians of their branches.
#pragma once

#include "plumbline/block/parameter_shapes.hpp"
#include "properties/composition.hpp"
#include "properties/generators/instances.hpp"
#include "properties/law.hpp"
#include "properties/residual.hpp"

namespace plumbline::properties {

inline Instance draw_stack(const Subject& f, int n_layers, int tokens = 3) {
  BlockSpec spec = draw_small_spec(f.cell());
  spec.n_layers = n_layers;
  return draw_quiet(spec, tokens);
}

inline bool is_last_projection(const ParameterShape& p) {
  return p.module == Module::o_proj || p.module == Module::down_proj;
}

// Pre-norm branches so weak that bounds say something: their last projections are divided by 256.
inline Instance draw_gentle(const Subject& f, int n_layers = 1) {
  Instance at = draw_stack(f, n_layers);
  at.spec.norm_slots.attn.in->eps = at.spec.norm_slots.ffn.in->eps = 0.1;
  for (const ParameterShape& p : parameter_shapes(at.spec))
    if (is_last_projection(p)) at.parameters.at(p.name) /= I(256);
  return at;
}

// A = J_branch J_norm of each sublayer of a pre-norm layer, each at its own point.
struct Branches {
  Matrix<I> attention, ffn;
};
inline Branches branch_jacobians(const Instance& at) {
  const Instance n1 = norm_alone(at, at.spec.norm_slots.attn.in, "layers.0.attn.norm_in", at.x);
  const Instance a = part_alone(at, Part::attention, reference.value(n1));
  const Matrix<I> u = at.x + reference.value(a);
  const Instance n2 = norm_alone(at, at.spec.norm_slots.ffn.in, "layers.0.ffn.norm_in", u);
  const Instance f = part_alone(at, Part::ffn, reference.value(n2));
  return {product(reference.jacobian_at(a), reference.jacobian_at(n1)),
          product(reference.jacobian_at(f), reference.jacobian_at(n2))};
}

// The layers of a stack, each at the point that the trajectory reaches.
inline std::vector<Instance> trajectory(const Instance& at) {
  std::vector<Instance> layers;
  Matrix<I> x = at.x;
  for (int i = 0; i < at.spec.n_layers; ++i) {
    layers.push_back(layer_alone(at, i, x));
    x = reference.value(layers.back());
  }
  return layers;
}

}  // namespace plumbline::properties
