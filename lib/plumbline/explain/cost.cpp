#include "plumbline/explain/cost.hpp"

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {

Cost cost_of(const BlockSpec& spec, int tokens, int batch, int key_tokens) {
  Cost a;
  ParameterMap<Cost> parameters;
  for (const ParameterShape& p :
       other_inputs(spec, batch * tokens, batch * (key_tokens > 0 ? key_tokens : tokens), batch))
    parameters[p.name] = {p.rows, p.cols, {}};
  for (const ParameterShape& p : parameter_shapes(spec))
    parameters[p.name] = a.parameter(p.name, p.rows, p.cols);
  run(a, spec, parameters, Cost::Tensor{batch * tokens, input_width(spec), {}}, batch);
  return a;
}

}  // namespace plumbline
