// Dual or Tape with one wrong derivative rule. The value stays right; a wrong slope is grafted on with
// detach, so that the same few lines break both algebras.
#pragma once

#include "plumbline/algebra/operations.hpp"
#include "properties/subjects/fault.hpp"

namespace plumbline::properties {

template <class A>
struct BrokenDerivative : A {
  using Tensor = typename A::Tensor;
  Rule rule = Rule::right;

  Tensor softmax_rows(const Tensor& x, const Mask& mask) {
    const Tensor p = A::softmax_rows(x, mask);
    return rule == Rule::softmax_without_sum ? with_slope(p, p, x) : p;
  }
  Tensor rsqrt(const Tensor& x) {
    const Tensor r = A::rsqrt(x), square = A::mul(r, r);
    if (rule == Rule::rsqrt_not_halved) return with_slope(r, A::scale(A::mul(square, r), {-1}), x);
    if (rule == Rule::rsqrt_squared) return with_slope(r, A::scale(square, {-0.5}), x);
    return r;
  }
  Tensor activation(Activation f, int n, const Tensor& x) {
    const Tensor y = A::activation(f, n, x);
    return rule == Rule::activation_slope ? with_slope(y, A::above(x, {0}), x) : y;
  }
  Tensor rotate(const Tensor& x, const Rotation& r) {
    const Tensor y = A::rotate(x, r);
    return rule == Rule::rotation_not_reversed ? A::add(A::detach(y), A::rotate(change(x), r.transpose()))
                                               : y;
  }
  Tensor scale(const Tensor& x, Exact c) {
    const Tensor y = A::scale(x, c);
    return rule == Rule::scale_missing ? A::add(A::detach(y), change(x)) : y;
  }
  Tensor add(const Tensor& x, const Tensor& y) { return A::add(constant_if(Rule::residual_constant, x), y); }
  Tensor mul(const Tensor& x, const Tensor& y) { return A::mul(x, constant_if(Rule::left_factor_only, y)); }
  Tensor matmul(const Tensor& x, const Tensor& y) {
    return A::matmul(x, constant_if(Rule::right_operand_constant, y));
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) {
    return A::matmul_by_transpose(x, constant_if(Rule::right_operand_constant, y));
  }
  Tensor add_row(const Tensor& x, const Tensor& row) {
    return A::add_row(x, constant_if(Rule::bias_constant, row));
  }
  Tensor mul_row(const Tensor& x, const Tensor& row) {
    return A::mul_row(x, constant_if(Rule::gain_constant, row));
  }
  Tensor sub_col(const Tensor& x, const Tensor& col) {
    return A::sub_col(x, constant_if(Rule::mean_constant, col));
  }
  Tensor mul_col(const Tensor& x, const Tensor& col) {
    return A::mul_col(x, constant_if(Rule::column_constant, col));
  }

 private:
  Tensor constant_if(Rule broken, const Tensor& x) { return rule == broken ? A::detach(x) : x; }
  // 0, whose derivative is that of x.
  Tensor change(const Tensor& x) { return A::sub(x, A::detach(x)); }
  // y, whose derivative in x is the slope, entry by entry.
  Tensor with_slope(const Tensor& y, const Tensor& slope, const Tensor& x) {
    return A::add(A::detach(y), A::mul(A::detach(slope), change(x)));
  }
};

}  // namespace plumbline::properties
