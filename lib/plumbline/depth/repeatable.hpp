// Float arithmetic for training: the same bits on every x86-64 machine and with every compiler.
#pragma once

#include "plumbline/algebra/plain.hpp"

namespace plumbline {

namespace repeatable {
// Functions by additions, multiplications and divisions alone: no C library, whose last bits differ from one
// version and processor to the next.
//   domain: exp is 0 below -87 and infinite above 88; log of x > 0
//   error: exp 2 units in the last place of the result, tanh 8, log 4 of a double
//   bad input: NaN for NaN
//   source: reduction to |r| <= log(2)/2 and a Taylor polynomial, Cody and Waite 1980
float exp(float x);
float tanh(float x);
double log(double x);
}  // namespace repeatable

// Plain<float> with fixed sums and these functions. An entry of a matrix product is summed in the order of
// its terms, and a sum over channels in eight parts, the j-th of every eighth channel from j on: so vectors
// of four or of eight numbers, or none, give the same bits. Fused operations are off where this is compiled.
//   bad input: throws Error for functions of the C library alone: gelu_erf, rotations
struct Repeatable : Plain<float> {
  using Tensor = Matrix<float>;

  // As Plain has them.
  Tensor matmul(const Tensor& x, const Tensor& y) const;
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const { return matmul(x, y.transpose()); }
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) const { return matmul(x.transpose(), y); }
  Tensor row_sum(const Tensor& x) const;
  Tensor col_sum(const Tensor& x) const;
  Tensor exp(const Tensor& x) const;
  Tensor tanh(const Tensor& x) const;
  Tensor activation(Activation f, int derivative, const Tensor& x) const;
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const;
  Tensor rotate(const Tensor& x, const Rotation& rotation) const;
};

static_assert(TapedAlgebra<Repeatable>);

}  // namespace plumbline
