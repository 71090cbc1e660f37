// The rotary position embedding as a linear map: row t of a head is rotated pair by pair.
#pragma once

#include <optional>

#include "plumbline/base/names.hpp"
#include "plumbline/number/matrix.hpp"
#include "plumbline/number/rope_scaling.hpp"

namespace plumbline {

// Which channels make a pair.
enum class RopeStyle { half, interleaved };
PLUMBLINE_NAMES(RopeStyle, {half, "half"}, {interleaved, "interleaved"})

// Pair j of row t turns by the angle phi = sign * (first_position + t) * w_j, w_j = base^(-2j / exponent_dim)
// or what that is scaled to in a sequence of T tokens; some kinds of scaling multiply it by an amplitude m,
// of others m = 1:
//   formula: (a, b) -> m (a cos phi - b sin phi, a sin phi + b cos phi)
//   shapes: [T, h] -> [T, h]; pairs are (j, j + rotary_dim/2) for half, (2j, 2j + 1) for interleaved; columns
//     from rotary_dim on pass through
//   domain: rotary_dim even and at most h, exponent_dim > 0, base > 0, sign 1 or -1
//   source: arXiv 2104.09864; of scaled frequencies, rope_scaling.hpp
struct Rotation {
  RopeStyle style = RopeStyle::half;
  int rotary_dim = 0;
  int exponent_dim = 0;
  double base = 10000;
  int first_position = 0;
  int sign = 1;
  std::optional<RopeScaling> scaling = {};

  // Whether m may be another number than 1.
  bool has_amplitude() const { return scaling && plumbline::has_amplitude(*scaling); }
  // The transpose, which without an amplitude undoes this one: turns the other way.
  Rotation transpose() const {
    Rotation r = *this;
    r.sign = -sign;
    return r;
  }
  // The two channels of a pair.
  int first(int pair) const { return style == RopeStyle::half ? pair : 2 * pair; }
  int second(int pair) const { return style == RopeStyle::half ? pair + rotary_dim / 2 : 2 * pair + 1; }
  // As above but for the sign, which the table of turns leaves to the reader.
  bool has_turns_of(const Rotation& r) const {
    return rotary_dim == r.rotary_dim && exponent_dim == r.exponent_dim && base == r.base &&
           first_position == r.first_position && scaling == r.scaling;
  }
};

// The cosines and sines of a rotation with sign 1, times its amplitude: [row, pair]. All heads and passes
// read the same ones.
template <class S>
struct Turns {
  Rotation of;
  Matrix<S> cos, sin;

  // Whether this table holds `rows` rows of r, or of its transpose.
  bool serve(const Rotation& r, int rows) const { return cos.rows() == rows && of.has_turns_of(r); }
};

}  // namespace plumbline
