// Simple ways in which a tensor can be wrong: the patterns that the bank multiplies errors by. Each has the
// shape of the tensor.
#pragma once

#include <vector>

#include "plumbline/number/matrix.hpp"

namespace plumbline {

// The patterns for one tensor.
using Patterns = std::vector<Matrix<double>>;

// For rows and columns of an output: 1 and the value; and x where the output has its shape, else null.
Patterns line_patterns(const Matrix<double>& value, const Matrix<double>* x);

// For an output as a whole: powers of the value, its neighbours, borders, halves and means; with x also x, x
// standardised row by row, and value - x. `tokens` rows make a sequence.
Patterns whole_patterns(const Matrix<double>& value, const Matrix<double>* x, int tokens);

// For an intermediate tensor: u, rms(u), |u|, u^3 / rms(u)^2, previous token - u; `briefly` the first two.
Patterns tap_patterns(const Matrix<double>& u, bool briefly);

// For the cotangent of an intermediate tensor: itself and its row means.
Patterns cotangent_patterns(const Matrix<double>& g);

}  // namespace plumbline
