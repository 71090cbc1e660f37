// The rotary position embedding as a linear map: row t of a head is rotated pair by pair.
#pragma once

#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

// Pair j of row t turns by the angle sign * (first_position + t) * base^(-2j / exponent_dim). Pairs are
// (j, j + rotary_dim/2) for half, (2j, 2j+1) for interleaved; columns from rotary_dim on pass through.
struct Rotation {
  RopeStyle style = RopeStyle::half;
  int rotary_dim = 0;
  int exponent_dim = 0;
  double base = 10000;
  int first_position = 0;
  int sign = 1;

  Rotation inverse() const {
    Rotation r = *this;
    r.sign = -sign;
    return r;
  }
  int first(int pair) const { return style == RopeStyle::half ? pair : 2 * pair; }
  int second(int pair) const { return style == RopeStyle::half ? pair + rotary_dim / 2 : 2 * pair + 1; }
};

}  // namespace plumbline
