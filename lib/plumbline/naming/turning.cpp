#include "plumbline/naming/turning.hpp"

#include <cmath>

#include "plumbline/number/function.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

using Turn = OtherTurns::What;
using F = Function<double>;

double rounded(double x, Dtype type) { return Grid<double>(type).nearest(x); }

// Of one row of so many.
double angle(const OtherTurns& o, double c, const Rotation& r, int rows, double position, int pair) {
  const int pairs = r.rotary_dim / 2;
  if (o.what == Turn::frequencies_reversed) pair = pairs - 1 - pair;
  double exponent = -2.0 * pair / r.exponent_dim;
  if (o.what == Turn::exponents_halved) exponent /= 2;
  if (o.what == Turn::exponents_doubled) exponent *= 2;
  double frequency = std::pow(r.base, exponent);
  if (r.scaling) frequency = F::scaled(*r.scaling, frequency, pair, r.exponent_dim, r.base, rows);
  if (o.what == Turn::positions_scaled) position *= c;
  const auto in = [&](Dtype type, bool all) {
    frequency = rounded(frequency, type);
    return all ? rounded(rounded(position, type) * frequency, type) : position * frequency;
  };
  switch (o.what) {
    case Turn::angles_in_bfloat16: return in(Dtype::bf16, true);
    case Turn::angles_in_float16: return in(Dtype::f16, true);
    case Turn::frequencies_in_bfloat16: return in(Dtype::bf16, false);
    case Turn::frequencies_in_float16: return in(Dtype::f16, false);
    default: return position * frequency;
  }
}

// The pair whose table a channel reads.
int pair_of(const OtherTurns& o, const Rotation& r, int channel) {
  const int pairs = r.rotary_dim / 2;
  const bool halves = (r.style == RopeStyle::half) != (o.what == Turn::tables_of_other_style);
  return halves ? channel % pairs : channel / 2;
}

}  // namespace

std::span<const OtherTurns> other_turns() {
  static constexpr OtherTurns table[] = {
      {"tables-of-other-style", "cosines and sines are laid out for the other style",
       Turn::tables_of_other_style},
      {"angles-in-bfloat16", "angles are computed in bfloat16", Turn::angles_in_bfloat16},
      {"angles-in-float16", "angles are computed in float16", Turn::angles_in_float16},
      {"frequencies-in-bfloat16", "frequencies are rounded to bfloat16", Turn::frequencies_in_bfloat16},
      {"frequencies-in-float16", "frequencies are rounded to float16", Turn::frequencies_in_float16},
      {"tables-in-bfloat16", "cosines and sines are rounded to bfloat16", Turn::tables_in_bfloat16},
      {"tables-in-float16", "cosines and sines are rounded to float16", Turn::tables_in_float16},
      {"frequencies-reversed", "the pairs' frequencies are in reverse order", Turn::frequencies_reversed},
      {"exponents-halved", "frequencies base^(-j / rotary_dim)", Turn::exponents_halved},
      {"exponents-doubled", "frequencies base^(-4j / rotary_dim)", Turn::exponents_doubled},
      {"last-channels", "the last channels of a head turn where the first do", Turn::last_channels},
      {"second-sine-negated", "(a cos - b sin, b cos - a sin)", Turn::sines_negated_of_second},
      {"first-sine-negated", "(a cos + b sin, b cos + a sin)", Turn::sines_plus},
      {"positions", "positions are multiplied by a factor", Turn::positions_scaled}};
  return table;
}

TurnTables turn_tables(const OtherTurns& o, double c, const Rotation& r, int rows, int head_dim) {
  TurnTables t{Matrix<double>::Ones(rows, head_dim), Matrix<double>::Zero(rows, head_dim),
               Matrix<double>::Zero(head_dim, head_dim)};
  const int shift = o.what == Turn::last_channels ? head_dim - r.rotary_dim : 0;
  for (int j = 0; j < r.rotary_dim / 2; ++j) {
    const int a = shift + r.first(j), b = shift + r.second(j);
    t.partner(b, a) = o.what == Turn::sines_plus ? 1 : -1;
    t.partner(a, b) = o.what == Turn::sines_negated_of_second ? -1 : 1;
  }
  const bool bf16 = o.what == Turn::tables_in_bfloat16, f16 = o.what == Turn::tables_in_float16;
  const auto entry = [&](double x) {
    return bf16 ? rounded(x, Dtype::bf16) : f16 ? rounded(x, Dtype::f16) : x;
  };
  const double amplitude = r.has_amplitude() ? F::amplitude(*r.scaling) : 1;
  for (int i = 0; i < rows; ++i)
    for (int channel = 0; channel < r.rotary_dim; ++channel) {
      const double phi = angle(o, c, r, rows, r.first_position + i, pair_of(o, r, channel));
      t.direct(i, shift + channel) = entry(amplitude * std::cos(phi));
      t.crossed(i, shift + channel) = entry(amplitude * r.sign * std::sin(phi));
    }
  return t;
}

}  // namespace plumbline
