// A block run over an algebra.
#pragma once

#include "plumbline/algebra/any.hpp"
#include "plumbline/block/block_spec.hpp"

namespace plumbline {
namespace detail {

// The text of the block, compiled once.
AnyAlgebra::Tensor run_erased(AnyAlgebra& a, const BlockSpec& spec,
                              const ParameterMap<AnyAlgebra>& parameters, const AnyAlgebra::Tensor& x,
                              int batch, Stream<AnyAlgebra>* stream);

}  // namespace detail

// The whole stack with its final norm, or the part that the spec names; tensors stand behind handles of A.
//   shapes: x [B T, d] -> y, as many columns as output_width(spec) says; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where a parameter is missing or a query sees no key; shapes are not checked
template <Algebra A>
Tensor<A> run_on_handles(A& a, const BlockSpec& spec, const ParameterMap<AnyAlgebra>& parameters,
                         const AnyAlgebra::Tensor& x, int batch = 1, Stream<A>* stream = nullptr) {
  Erased<A> erased(a);
  Stream<AnyAlgebra> passed;
  const auto y = detail::run_erased(erased, spec, parameters, x, batch, stream ? &passed : nullptr);
  if (stream)
    for (const auto& u : passed) stream->push_back(Erased<A>::own(u));
  return Erased<A>::own(y);
}

// The same of tensors of A, which are not copied.
template <Algebra A>
Tensor<A> run(A& a, const BlockSpec& spec, const ParameterMap<A>& parameters, const Tensor<A>& x,
              int batch = 1, Stream<A>* stream = nullptr) {
  ParameterMap<AnyAlgebra> lent;
  for (const auto& [name, value] : parameters) lent.emplace_hint(lent.end(), name, Erased<A>::lent(value));
  return run_on_handles(a, spec, lent, Erased<A>::lent(x), batch, stream);
}

}  // namespace plumbline
