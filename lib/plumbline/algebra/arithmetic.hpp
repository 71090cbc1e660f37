// The arithmetic of an implementation: which number format holds what.
#pragma once

#include "plumbline/io/dtype.hpp"

namespace plumbline {

// What is rounded: every operation to the type of its kernel, and at every store of the block to `storage`.
struct Arithmetic {
  Dtype storage = Dtype::f32;      // tensors in memory
  Dtype kernel = Dtype::f32;       // the results of operations inside a kernel
  Dtype accumulator = Dtype::f32;  // running sums
  Dtype statistics = Dtype::f32;   // inside a normalization
  Dtype softmax = Dtype::f32;      // inside a softmax
  Dtype table = Dtype::f32;        // cosines and sines of the rotary embedding
  Dtype token_sums = Dtype::f32;   // sums over tokens: the gradients of gains and biases
  bool operator==(const Arithmetic&) const = default;
};

}  // namespace plumbline
