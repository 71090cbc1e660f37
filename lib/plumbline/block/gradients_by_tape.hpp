// All gradients of a block by a tape over an algebra of numbers: plain ones, enclosures, balls.
#pragma once

#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {

// y and the gradients of <cotangent, y> at x and at every parameter; an Out is {y, x, parameters by name}. A
// given mask is what a question says, and has none; what y does not depend on has 0.
//   shapes: not checked
//   error: that of the algebra
template <class Out, TapedAlgebra A>
Out gradients_by_tape(A inner, const BlockSpec& spec, const auto& parameters, const Tensor<A>& x,
                      const Tensor<A>& cotangent, int batch) {
  Tape<A> tape{std::move(inner)};
  ParameterMap<Tape<A>> variables;
  for (const auto& [name, value] : parameters)
    variables[name] = is_given_mask(name) ? tape.constant(value) : tape.variable(value);
  const auto input = tape.variable(x);
  const auto y = run(tape, spec, variables, input, batch);
  auto all = tape.backward_once(y, cotangent);
  const auto gradient = [&](const auto& variable) {
    auto& g = all[std::size_t(variable.node)];
    return g ? std::move(*g) : tape.inner.zeros(tape.rows(variable), tape.cols(variable));
  };
  Out out{y.value, gradient(input), {}};
  for (const auto& [name, variable] : variables)
    if (!is_given_mask(name)) out.parameters[name] = gradient(variable);
  return out;
}

}  // namespace plumbline
