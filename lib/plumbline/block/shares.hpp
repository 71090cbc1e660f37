// A logistic function and a softmax outside of attention.
#pragma once

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// Entry by entry.
//   formula: 1 / (1 + exp(-x))
//   shapes: [n, m] -> [n, m]
//   error: that of the algebra
template <Algebra A>
Tensor<A> logistic(A& a, const Tensor<A>& x) {
  return a.activation(Activation::sigmoid, 0, x);
}

// Row by row. `softmax_rows` is attention's, whose errors a fused kernel makes in its own way.
//   formula: exp x / sum exp x
//   shapes: [n, m] -> [n, m]
//   domain: as far as exp of the arithmetic goes
//   error: that of the algebra
template <Algebra A>
Tensor<A> shares(A& a, const Tensor<A>& x) {
  const Tensor<A> e = a.exp(x);
  return a.mul_col(e, a.reciprocal(a.row_sum(e)));
}

}  // namespace plumbline
