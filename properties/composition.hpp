// The parts of a block on their own, taken from the reference: what laws compose by hand to check the whole.
#pragma once

#include "properties/subjects/subject.hpp"

namespace plumbline::properties {

// The reference itself.
inline const Subject reference;

// The norm of that slot as a spec of its own, with its parameters: prefix is "layers.0.attn.norm_in", say.
inline Instance norm_alone(const Instance& at, const NormSlot& slot, const std::string& prefix,
                           const Matrix<I>& x) {
  Instance n{{}, {}, x};
  n.spec.part = Part::norm;
  n.spec.d = at.spec.d;
  n.spec.norm_slots.attn.in = slot;
  for (const char* leaf : {".weight", ".bias"})
    if (const auto it = at.parameters.find(prefix + leaf); it != at.parameters.end())
      n.parameters["norm" + std::string(leaf)] = it->second;
  return n;
}

inline Instance part_alone(const Instance& at, Part part, const Matrix<I>& x) {
  Instance p{at.spec, at.parameters, x};
  p.spec.part = part;
  return p;
}

// Layer i of a stack as a stack of one layer, without the final norm.
inline Instance layer_alone(const Instance& at, int i, const Matrix<I>& x) {
  Instance one{at.spec, {}, x};
  if (!at.spec.layers.empty()) one.spec = layer_of(at.spec, i);
  one.spec.part = at.spec.part;
  one.spec.n_layers = 1;
  one.spec.final_norm.reset();
  const std::string from = "layers." + std::to_string(i) + ".";
  for (const auto& [name, value] : at.parameters)
    if (name.starts_with(from)) one.parameters["layers.0." + name.substr(from.size())] = value;
  return one;
}

}  // namespace plumbline::properties
