// The derivative of a softmax, row by row. The Jacobian diag p - p p^T is symmetric, so one function serves
// tangents and cotangents.
//
// When one p is nearly 1, g - sum p g cancels, and what is left is the rounding of g. Numbers that round
// therefore subtract the weighted mean twice: the second pass removes the rounding of the first, so that the
// error is relative to the result and not to g. Not so enclosures, which a second pass would only widen.
#pragma once

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// The derivative at probabilities p, along a tangent g or of a cotangent g.
//   formula: p_j (g_j - sum_k p_k g_k)
//   shapes: p, g [n, m] -> [n, m]
//   domain: each row of p is what softmax_rows returns
//   bound: over enclosures the result is one
template <class A, class T>
T softmax_derivative(A& a, const T& p, const T& g) {
  const auto without_mean = [&](const T& u) {
    return a.sub_col(u, a.softmax_dot(a.row_sum(a.mul(p, u)), u));
  };
  const T once = without_mean(g);
  return a.mul(p, a.takes_out_means_twice() ? without_mean(once) : once);
}

}  // namespace plumbline
