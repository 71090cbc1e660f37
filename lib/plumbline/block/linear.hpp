// A projection, with or without a bias.
#pragma once

#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// The projection whose weight, and bias where `bias` says so, stand under p.
//   formula: y = x W^T + b
//   shapes: x [n,in], W [out,in], b [1,out] -> [n,out]
//   error: that of the algebra
//   bad input: throws Error where p holds no "weight" or "bias"; shapes are not checked
template <Algebra A>
Tensor<A> linear(A& a, const ParameterView<A>& p, bool bias, const Tensor<A>& x) {
  const Tensor<A> input = a.store(x, p.place(Site::input));
  const Tensor<A> y = a.store(a.matmul_by_transpose(input, p.at("weight")), p.place(Site::product));
  return bias ? a.store(a.add_row(y, p.at("bias")), p.place(Site::output)) : y;
}

// Its parameters, under that name.
inline void add_linear_shapes(ParameterShapes& out, const std::string& name, Module module, int to, int from,
                              bool bias) {
  out.push_back({name + ".weight", to, from, Role::weight, module});
  if (bias) out.push_back({name + ".bias", 1, to, Role::bias, module});
}

}  // namespace plumbline
