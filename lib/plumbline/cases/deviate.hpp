// A block that computes a deviation of the declared spec, from the declared spec's parameters.
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/question.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline {

// The parameter's name with the norm slot `from` replaced by `to`: "layers.0.attn.norm_in.weight", say.
inline std::string in_slot(std::string name, std::string_view from, std::string_view to) {
  const std::string place = "norm_" + std::string(from);
  if (const auto at = from.empty() ? std::string::npos : name.find(place); at != std::string::npos)
    name.replace(at, place.size(), "norm_" + std::string(to));
  return name;
}

// Declared parameters under the names that the deviating spec has for them: a norm moved to another slot
// still reads its own.
template <class S>
Parameters<S> as_read_by(const Deviation& deviation, const Parameters<S>& declared) {
  Parameters<S> out;
  for (const auto& [name, value] : declared)
    out[in_slot(name, deviation.from_slot, deviation.to_slot)] = value;
  return out;
}

// Deviations that are computed together, the first one applied first.
using Deviations = std::vector<const Deviation*>;

// The same for deviations that are computed together.
template <class S>
Parameters<S> as_read_by(const Deviations& deviations, Parameters<S> declared) {
  for (const Deviation* d : deviations) declared = as_read_by(*d, declared);
  return declared;
}

// The spec that the deviation makes of the declared one.
inline BlockSpec deviating(const Deviation& deviation, BlockSpec declared) {
  deviation.apply(declared);
  return declared;
}

// The same question about the deviating block, from the declared parameters.
inline Question deviating(const Deviation& deviation, Question declared) {
  deviation.apply(declared.spec);
  declared.inputs.parameters = as_read_by(deviation, declared.inputs.parameters);
  return declared;
}

}  // namespace plumbline
