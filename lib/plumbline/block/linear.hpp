// A projection, with or without a bias.
#pragma once

#include "plumbline/block/parameters.hpp"

namespace plumbline {

// The projection whose weight, and bias where `bias` says so, stand under p.
//   formula: y = x W^T + b
//   shapes: x [n,in], W [out,in], b [1,out] -> [n,out]
//   error: that of the algebra
//   bad input: throws Error where p holds no "weight" or "bias"; shapes are not checked
template <Algebra A>
Tensor<A> linear(A& a, const ParameterView<A>& p, bool bias, const Tensor<A>& x) {
  const Tensor<A> input = a.store(x, p.place("input"));
  const Tensor<A> y = a.store(a.matmul(input, a.transpose(p.at("weight"))), p.place("product"));
  return bias ? a.store(a.add_row(y, p.at("bias")), p.place("output")) : y;
}

}  // namespace plumbline
