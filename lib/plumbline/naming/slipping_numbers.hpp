// The numbers behind a tensor of an algebra of numbers or of a tape over one, and numbers as its constants.
#pragma once

#include "plumbline/ensemble/ensemble.hpp"

namespace plumbline::detail {

inline const Matrix<double>& numbers(const Matrix<double>& x) { return x; }
inline const Matrix<double>& numbers(const Ensemble<double>::Tensor& x) { return x.value; }
template <class T>
requires requires(T x) { x.node; }
const Matrix<double>& numbers(const T& x) { return numbers(*x.value); }

template <class A>
Tensor<A> constant(A& a, Matrix<double> x) {
  if constexpr (requires { a.inner; })
    return a.constant(constant(a.inner, std::move(x)));
  else if constexpr (std::is_same_v<Tensor<A>, Matrix<double>>)
    return x;
  else
    return {std::move(x), true};
}

}  // namespace plumbline::detail
