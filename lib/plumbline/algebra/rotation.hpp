// The rotary position embedding as a linear map: row t of a head is rotated pair by pair.
#pragma once

#include "plumbline/algebra/matrix.hpp"
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
  // As above but for the sign, which the table of turns leaves to the reader.
  bool has_turns_of(const Rotation& r) const {
    return rotary_dim == r.rotary_dim && exponent_dim == r.exponent_dim && base == r.base &&
           first_position == r.first_position;
  }
};

// The cosines and sines of a rotation with sign 1: [row, pair]. All heads and passes read the same ones.
template <class S>
struct Turns {
  Rotation of;
  Matrix<S> cos, sin;

  bool serve(const Rotation& r, int rows) const { return cos.rows() == rows && of.has_turns_of(r); }
};

}  // namespace plumbline
