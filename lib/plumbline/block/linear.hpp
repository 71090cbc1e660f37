// y = x W^T + b: x [n,in], W [out,in], b [1,out] -> [n,out].
#pragma once

#include "plumbline/block/parameters.hpp"

namespace plumbline {

template <Algebra A>
Tensor<A> linear(A& a, const ParameterView<A>& p, bool bias, const Tensor<A>& x) {
  const Tensor<A> y = a.matmul(x, a.transpose(p.at("weight")));
  return a.store(bias ? a.add_row(y, p.at("bias")) : y, "linear");
}

}  // namespace plumbline
