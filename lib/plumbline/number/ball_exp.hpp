// Double words without a radius, series in them, and the exponential function of balls: also for loops over
// vectors, so without a branch.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "plumbline/base/wider.hpp"
#include "plumbline/number/ball.hpp"

namespace plumbline {

// Sums lose 3 u^2, products 7 u^2 of the result.
PLUMBLINE_INLINE TwoDoubles plus(const TwoDoubles& a, const TwoDoubles& b) {
  const TwoDoubles s = two_sum(a.high, b.high), t = two_sum(a.low, b.low);
  const TwoDoubles v = fast_two_sum(s.high, s.low + t.high);
  return fast_two_sum(v.high, t.low + v.low);
}
PLUMBLINE_INLINE TwoDoubles times(const TwoDoubles& a, const TwoDoubles& b) {
  const TwoDoubles p = two_product(a.high, b.high);
  return fast_two_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

// A series whose first terms are summed in double words and the others in doubles.
template <std::size_t words, std::size_t doubles>
struct Series {
  std::array<TwoDoubles, words> first;
  std::array<double, doubles> rest;

  // Horner's rule. The doubles lose 2 doubles u of their part; each word 10 u^2 of what is summed then.
  PLUMBLINE_INLINE TwoDoubles at(const TwoDoubles& x) const {
    double q = rest[doubles - 1];
    for (std::size_t i = doubles - 1; i-- > 0;) q = q * x.high + rest[i];
    TwoDoubles y = plus(times(x, {q, 0}), first[words - 1]);
    for (std::size_t i = words - 1; i-- > 0;) y = plus(times(x, y), first[i]);
    return y;
  }
};

// What exp needs: 2^(j/64), log 2 / 64 in three parts, and 1 / i!.
struct Exponential {
  std::array<double, 64> root, rest_of_root;
  double first, second, third;  // the first two have 36 bits, so that k times them is exact
  Series<6, 6> series;

  static const Exponential& table();  // made once
};

// e^x of |x| <= 700 within `exp_error` of it; of other x a number of no meaning. x = k log 2 / 64 + r, |r| <=
// 0.0055; of r at most 2^-95 is lost, all of it in its low part, which is below 2^-43. The series ends at
// r^11: r^12 / 12! < 2^-118. Its doubles, from r^6 / 720 < 2^-54 on, lose 12 u of that; its words 2^-102.
constexpr double exp_error = 0x1p-93;
PLUMBLINE_INLINE TwoDoubles exp_near(const Exponential& table, const TwoDoubles& x) {
  constexpr double to_whole = 0x1.8p52;  // beside it a double is whole, and ends in the bits of k
  const double shifted = x.high * (64 * 0x1.71547652b82fep0) + to_whole, k = shifted - to_whole;
  const TwoDoubles a = two_sum(x.high, -k * table.first), b = two_sum(a.high, -k * table.second);
  const TwoDoubles r = fast_two_sum(b.high, ((a.low + b.low) + x.low) - k * table.third);
  const auto bits = std::bit_cast<std::uint64_t>(shifted), j = bits & 63;
  const TwoDoubles y = times(table.series.at(r), {table.root[j], table.rest_of_root[j]});
  const double power =
      std::bit_cast<double>(((bits - j) << 46) + (std::uint64_t(1023) << 52));  // 2^((k - j) / 64)
  return {y.high * power, y.low * power};
}

// Whether exp_ordinary says what exp does.
PLUMBLINE_INLINE bool is_ordinary(const Ball& x) { return std::abs(x.mid) + x.rad <= 700 && x.rad <= 1; }

// |e^(x+h) - e^x| <= e^x (e^|h| - 1) <= e^x |h| (1 + |h|) for |h| <= 1.
PLUMBLINE_INLINE Ball exp_ordinary(const Exponential& table, const Ball& x) {
  const TwoDoubles e = exp_near(table, {x.mid, x.low});
  const double moved = x.rad * (1 + x.rad), share = moved + 2 * exp_error * (1 + moved);
  return {e, x.is_exactly(0) ? 0 : Ball::grown(std::abs(e.high) * share)};
}

// 1 / (1 + e^-x) by the exponential that is at most 1, on either side.
PLUMBLINE_INLINE Ball logistic_ordinary(const Exponential& table, const Ball& x) {
  const double is_below = x.mid < 0, sign = 2 * is_below - 1;
  const Ball e = exp_ordinary(table, {sign * x.mid, sign * x.low, x.rad});
  const Ball above(is_below * e.mid + (1 - is_below), is_below * e.low, is_below * e.rad);  // e or 1
  return above / (Ball(1) + e);
}

}  // namespace plumbline
