// The simple ways in which a tensor can be wrong: added to it in small, they are patterns of the bank.
#pragma once

#include <vector>

#include "plumbline/algebra/matrix.hpp"

namespace plumbline {

using Patterns = std::vector<Matrix<double>>;

// Along each row and column of an output: {1, value} and x, where the output has a counterpart in it.
Patterns line_patterns(const Matrix<double>& value, const Matrix<double>* x);

// Of an output as a whole: powers of the value, its neighbours, its borders, halves and means; with x also x,
// x standardised row by row, and value - x. `tokens` rows make a sequence.
Patterns whole_patterns(const Matrix<double>& value, const Matrix<double>* x, int tokens);

// Of an intermediate tensor: u, rms(u), |u|, u^3 / rms(u)^2, previous token - u; `briefly` the first two.
Patterns tap_patterns(const Matrix<double>& u, bool briefly);

// Of the cotangent of an intermediate tensor: itself and its row means.
Patterns cotangent_patterns(const Matrix<double>& g);

}  // namespace plumbline
