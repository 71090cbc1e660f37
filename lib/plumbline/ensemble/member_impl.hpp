// Definition of member(); included only where a scalar is instantiated.
#pragma once

#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/ensemble/ensemble_impl.hpp"
#include "plumbline/ensemble/members.hpp"

namespace plumbline {
namespace detail {

template <class S>
Matrix<S> forward(const Question& q, Ensemble<S>& a) {
  ParameterMap<AnyAlgebra> parameters;
  for (const auto& [name, value] : q.inputs.parameters) parameters[name] = a.given(value);
  return a.store(run_on_handles(a, q.spec, parameters, a.given(q.inputs.x), q.batch), Site::y).value;
}

template <class S>
std::vector<Matrix<S>> forward_and_backward(const Question& q, Ensemble<S> a) {
  Tape<Ensemble<S>> tape(std::move(a));
  ParameterMap<Tape<Ensemble<S>>> variables;
  for (const auto& [name, value] : q.inputs.parameters)
    variables[name] = is_given_mask(name) ? tape.constant(tape.inner.given(value))
                                          : tape.shared_variable(tape.inner.given(value));
  const auto x = tape.shared_variable(tape.inner.given(q.inputs.x));
  const auto y = tape.store(run(tape, q.spec, variables, x, q.batch), Site::y);
  const auto gradients = tape.backward_once(y, *tape.inner.given(q.inputs.cotangent));
  std::vector<Matrix<S>> out{y.value->value};
  const auto push = [&](const auto& variable) {
    const auto& g = gradients[variable.node];
    out.push_back(g ? tape.inner.store(*g, Site::gradient).value
                    : tape.inner.zeros(tape.rows(variable), tape.cols(variable)).value);
  };
  push(x);
  for (const auto& [name, variable] : variables)
    if (!is_given_mask(name)) push(variable);
  return out;
}

template <class S>
std::vector<Matrix<S>> outputs_over(const Question& q, Ensemble<S> a) {
  if (q.gradients) return forward_and_backward<S>(q, std::move(a));
  return {forward(q, a)};
}

}  // namespace detail

template <class S>
std::vector<Matrix<S>> exact_member(const Question& q, const Arithmetic& arithmetic, ExactRun<S>& run) {
  return detail::outputs_over(q, Ensemble<S>(arithmetic, run));
}

template <class S>
std::vector<Matrix<S>> member(const Question& q, const Arithmetic& arithmetic, std::uint64_t seed,
                              ExactRun<S>& run, Rounding rounding, Terms left_out) {
  return detail::outputs_over(q, Ensemble<S>(arithmetic, seed, run, rounding, left_out));
}

}  // namespace plumbline
