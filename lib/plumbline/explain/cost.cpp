#include "plumbline/explain/cost.hpp"

#include "plumbline/block/layout.hpp"
#include "plumbline/spec/parameters.hpp"

namespace plumbline {

Cost cost_of(const BlockSpec& spec, int tokens, int batch, int key_tokens) {
  Cost a;
  ParameterMap<Cost> parameters;
  for (const auto& [name, rows, cols] :
       other_inputs(spec, batch * tokens, batch * (key_tokens > 0 ? key_tokens : tokens)))
    parameters[name] = {rows, cols, {}};
  for (const auto& [name, rows, cols] : parameter_shapes(spec))
    parameters[name] = a.parameter(name, rows, cols);
  run(a, spec, parameters, Cost::Tensor{batch * tokens, spec.d, {}}, batch);
  return a;
}

}  // namespace plumbline
