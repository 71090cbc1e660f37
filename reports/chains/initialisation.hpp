// A stack as it stands before training: Xavier weights, biases 0, gains 1, and an input of unit variance.
// Bits come from the standard's mt19937_64 and integer arithmetic, so every machine draws the same.
#pragma once

#include <random>
#include <string>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline::reports {

using Bits = std::mt19937_64;

// Uniform on [-sqrt(3), sqrt(3)): mean 0, variance 1.
Matrix<Mp50> unit_variance(Bits& bits, int rows, int cols);

// One layer of that layout, without final norm: LayerNorm with eps = 1e-5, causal attention.
BlockSpec layer_of(const std::string& layout, int d, int n_heads, int d_ff, Activation activation);

// The parameters of one layer. Weights are uniform on (-b, b) with b = sqrt(6 / (in + out))
// (Glorot and Bengio 2010), of variance 1/d where they are square.
Parameters<Mp50> xavier(Bits& bits, const BlockSpec& layer);

Mp50 length(const Matrix<Mp50>& x);  // Frobenius

}  // namespace plumbline::reports
