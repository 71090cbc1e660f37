// Rotary embeddings as code computes them in the place of the right one. Right is, for pair j of row t,
//   (a, b) -> (a cos - b sin, a sin + b cos) of the angle t base^(-2j / rotary_dim), or what that is scaled
//   to.
// Source: arXiv 2104.09864.
#pragma once

#include <span>

#include "plumbline/algebra/rotation.hpp"
#include "plumbline/number/matrix.hpp"

namespace plumbline {

// One wrong rotary embedding, with its id and its description.
struct OtherTurns {
  enum class What {
    tables_of_other_style,  // each cosine twice in a row where halves are right, and the reverse
    angles_in_bfloat16,     // positions, frequencies and their products
    angles_in_float16,
    frequencies_in_bfloat16,
    frequencies_in_float16,
    tables_in_bfloat16,  // cosines and sines
    tables_in_float16,
    frequencies_reversed,
    exponents_halved,  // base^(-j / rotary_dim)
    exponents_doubled,
    last_channels,            // the last rotary_dim channels of a head turn
    sines_negated_of_second,  // (a cos - b sin, b cos - a sin)
    sines_plus,               // (a cos + b sin, a sin + b cos)
    positions_scaled          // t times a number that is to be found
  };
  const char *id, *says;
  What what;
};

// All of them, in a fixed order: slips name them by their index.
std::span<const OtherTurns> other_turns();

// The linear map that a rotation of one head is.
struct TurnTables {
  Matrix<double> direct, crossed, partner;
};

// A rotation of one head, right or wrong, as a linear map.
//   formula: y = x * direct + (x partner) * crossed, the products entry by entry
//   shapes: direct, crossed [rows, head_dim]; partner [head_dim, head_dim] says which channel, and with what
//     sign, stands in for each one
//   domain: head_dim at least r.rotary_dim; c, the factor of positions_scaled, any number
TurnTables turn_tables(const OtherTurns& other, double c, const Rotation& r, int rows, int head_dim);

}  // namespace plumbline
