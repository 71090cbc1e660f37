// A value with the derivative of something else: what a hand-written backward pass computes that forgets a
// factor or a term. Right implementations have no use for it.
#pragma once

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// `value`, which every derivative takes for `other`.
//   formula: value - other + other, the first two without a derivative
//   shapes: [n,m], [n,m] -> [n,m]
//   error: of numbers that round, that of the sum as well
template <Algebra A>
Tensor<A> with_derivative_of(A& a, const Tensor<A>& value, const Tensor<A>& other) {
  return a.add(a.detach(value), a.sub(other, a.detach(other)));
}

}  // namespace plumbline
