// The parts of a block on their own, taken from the reference: what laws compose by hand to check the whole.
#pragma once

#include "properties/subject.hpp"

namespace plumbline::properties {

// The norm of that slot as a spec of its own, with its parameters: prefix is "layers.0.attn.norm_in", say.
inline Instance norm_alone(const Instance& at, const NormSlot& slot, const std::string& prefix,
                           const Matrix<I>& x) {
  Instance n{{}, {}, x};
  n.spec.part = Part::norm;
  n.spec.d = at.spec.d;
  n.spec.attn_norms.in = slot;
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

}  // namespace plumbline::properties
