// y = x W^T + b: x [n,in], W [out,in], b [1,out] -> [n,out].
#pragma once

#include "plumbline/block/parameters.hpp"

namespace plumbline {

template <Algebra A>
Tensor<A> linear(A& a, const ParameterView<A>& p, bool bias, const Tensor<A>& x) {
  const Tensor<A> input = a.store(x, p.place("input"));
  const Tensor<A> y = a.store(a.matmul(input, a.transpose(p.at("weight"))), p.place("product"));
  return bias ? a.store(a.add_row(y, p.at("bias")), p.place("output")) : y;
}

}  // namespace plumbline
