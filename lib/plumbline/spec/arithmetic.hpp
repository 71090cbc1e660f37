// The arithmetic of an implementation: which number format holds what.
#pragma once

#include "plumbline/number/dtype.hpp"

namespace plumbline {

// What products of matrices round their operands to before they multiply. TF32 is no type of tensors: the
// range of float32 with 10 bits after the leading one, as float16 has. Processors round to it, or leave out
// the bits that are too many. Source: docs.nvidia.com, PTX ISA.
enum class Operand { f64, f32, tf32, bf16, f16 };

// The type with the same range of exponents; and the bits of its significand, the leading one included.
constexpr Dtype range_of(Operand operand) {
  switch (operand) {
    case Operand::f64: return Dtype::f64;
    case Operand::f32:
    case Operand::tf32: return Dtype::f32;
    case Operand::bf16: return Dtype::bf16;
    case Operand::f16: return Dtype::f16;
  }
  return Dtype::f64;
}
inline int precision_of(Operand operand) {
  return operand == Operand::tf32 ? 11 : info(range_of(operand)).precision;
}

// What is rounded: every operation to the type of its kernel, and at every store of the block to `storage`.
struct Arithmetic {
  Dtype storage = Dtype::f32;      // tensors in memory
  Dtype kernel = Dtype::f32;       // the results of operations inside a kernel
  Dtype accumulator = Dtype::f32;  // running sums
  Dtype statistics = Dtype::f32;   // inside a normalization
  Dtype softmax = Dtype::f32;      // inside a softmax
  Dtype table = Dtype::f32;        // cosines and sines of the rotary embedding
  Dtype token_sums = Dtype::f32;   // sums over tokens: the gradients of gains and biases
  Dtype branches = Dtype::f32;     // tensors in memory between the products of attention and feed-forward
  Operand products = Operand::f32;
  bool operator==(const Arithmetic&) const = default;
};

// Whether running sums are no finer than what is stored: then the order of sums shows.
inline bool sums_matter(const Arithmetic& a) {
  return info(a.accumulator).precision <= info(a.storage).precision;
}

}  // namespace plumbline
