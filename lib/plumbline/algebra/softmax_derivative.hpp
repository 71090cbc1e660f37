// The derivative of a softmax, p o (g - sum_j p_j g_j) row by row: along a tangent g, or of a cotangent g,
// for the Jacobian diag p - p p^T is symmetric.
//
// Where one p is nearly 1 its own difference cancels, and what is left of it is rounding. Numbers that round
// therefore take the weighted mean out twice: the second time from differences that are small, so that the
// result is right to first order in its own size and not in that of g. Enclosures would only widen.
#pragma once

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

template <class A>
constexpr bool takes_out_means_twice(const A& a) {
  if constexpr (requires { a.takes_out_means_twice(); })
    return a.takes_out_means_twice();
  else
    return false;
}

template <class A, class T>
T softmax_derivative(A& a, const T& p, const T& g) {
  const auto without_mean = [&](const T& u) {
    T mean = a.row_sum(a.mul(p, u));
    if constexpr (requires { a.softmax_dot(mean, u); }) mean = a.softmax_dot(mean, u);
    return a.sub_col(u, mean);
  };
  const T once = without_mean(g);
  return a.mul(p, takes_out_means_twice(a) ? without_mean(once) : once);
}

}  // namespace plumbline
