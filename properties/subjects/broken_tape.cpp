// Reverse mode, with one wrong rule or none.
#include "plumbline/algebra/plain.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/number/scalars.hpp"
#include "properties/subjects/broken_derivative.hpp"

namespace plumbline::properties {

using I = Interval60;

Gradients<I> gradients_by(Rule rule, const BlockSpec& spec, const Parameters<I>& parameters,
                          const Matrix<I>& x, const Matrix<I>& cotangent) {
  using Reverse = BrokenDerivative<Tape<Plain<I>>>;
  Reverse tape;
  tape.rule = rule;
  ParameterMap<Reverse> variables;
  for (const auto& [name, value] : parameters) variables[name] = tape.variable(value);
  const auto input = tape.variable(x);
  const auto y = run(tape, spec, variables, input);
  const auto all = tape.backward(y, cotangent);
  const auto gradient = [&](const auto& variable) {
    const auto& g = all[variable.node];
    return g ? *g : tape.inner.zeros(tape.rows(variable), tape.cols(variable));
  };
  Gradients<I> out{y.value, gradient(input), {}};
  for (const auto& [name, variable] : variables) out.parameters[name] = gradient(variable);
  return out;
}

}  // namespace plumbline::properties
