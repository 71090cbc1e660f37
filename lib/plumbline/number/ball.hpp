// Balls: two doubles whose sum is near the true value, and a radius around it that holds it. They cost some
// tens of operations where an enclosure of many digits costs thousands, and leave so many digits that a block
// of real width is certain to a float32, though radii grow by the root of the width in every projection.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "plumbline/number/function.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline {

// Throws Error where this thread rounds otherwise than to the nearest number, or takes what is below the
// normal range for 0: then no bound of a ball holds.
void require_rounding_to_nearest();

// a + b = sum + rest, a b = product + rest, exactly (Dekker 1971, Knuth 1969), where nothing overflows and,
// of a product, nothing falls below the normal range: 2^-1070 are lost there. Of fast_two_sum |a| >= |b|, or
// a = 0.
struct TwoDoubles {
  double high, low;
};
inline TwoDoubles fast_two_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}
inline TwoDoubles two_sum(double a, double b) {
  const double s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
inline TwoDoubles two_product(double a, double b) {
  constexpr double splitter = 0x1p27 + 1;
  const double p = a * b, ta = splitter * a, tb = splitter * b;
  const double ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

// |value - (mid + low)| <= rad, and |low| <= u |mid|, u = 2^-53. Where rad is infinite nothing is proved, not
// even that there is a value; what is computed from that proves nothing either, also as a factor of 0.
//   error: every operation holds the values of all points of its operands. Rounding to nearest is all that is
//   asked of
//     the processor. Radii are computed with the same rounding and then made larger by `grown`.
//   source: J. van der Hoeven, Ball arithmetic (2009); M. Joldes, J.-M. Muller, V. Popescu, Tight and
//   rigorous error
//     bounds for basic building blocks of double-word arithmetic (2017), algorithms 6 and 10
//     Nothing in them branches, and each choice is by one comparison, so that loops run over vectors.
struct Ball {
  double mid = 0, low = 0, rad = 0;

  // The point x; the ball of that middle and radius, where that is no number nothing.
  Ball() = default;
  template <class N>
  requires std::is_arithmetic_v<N> Ball(N x) : Ball(double(x), 0, 0) {}
  Ball(double middle, double rest, double radius) {
    const bool is_proved = nothing_of(middle) + nothing_of(rest) + nothing_of(radius) == 0;
    mid = is_proved ? middle : 0;
    low = is_proved ? rest : 0;
    rad = is_proved ? radius : std::numeric_limits<double>::infinity();
  }
  Ball(TwoDoubles middle, double radius) : Ball(middle.high, middle.low, radius) {}
  static Ball nothing() {
    Ball y;
    y.rad = std::numeric_limits<double>::infinity();
    return y;
  }
  // The number pi.
  static Ball pi() { return {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53, 0x1p-105}; }

  // Whether anything is proved; whether it is that point.
  bool is_bounded() const { return rad <= largest; }
  bool is_exactly(double x) const { return std::abs(mid - x) + std::abs(low) + rad == 0; }
  // An upper bound of all absolute values within.
  double size() const { return grown(std::abs(mid) + std::abs(low) + rad); }

  static constexpr double u = 0x1p-53, largest = std::numeric_limits<double>::max();
  // r, a sum of products of numbers that are not negative, computed in up to 30 operations: each may have
  // lost u of its result, and 2^-1075 where that was below the normal range; likewise a quotient, whose
  // divisor may be small.
  static double grown(double r) { return r * (1 + 0x1p-48) + 0x1p-1060; }
  static double grown_quotient(double above, double below) { return grown((above + 0x1p-1060) / below); }

  // 0 of what is finite, and otherwise no number.
  static double nothing_of(double x) { return x - x; }

  // The same in doubles that are added, multiplied and divided as double words.
  //   error: of sums 3 u^2 + 13 u^3 of the result, of products 7 u^2. Of quotients: the residual of the first
  //   one is
  //     exact but for three roundings of at most 4 u |a| and one of u |a|, the second one is off by 8 u^2: 24
  //     u^2 in all
  Ball operator-() const { return {-mid, -low, rad}; }
  friend Ball operator+(Ball a, Ball b) {
    const TwoDoubles s = two_sum(a.mid, b.mid), t = two_sum(a.low, b.low);
    const TwoDoubles v = fast_two_sum(s.high, s.low + t.high), z = fast_two_sum(v.high, t.low + v.low);
    const bool exact =
        a.rad + b.rad + std::abs(a.low) + std::abs(b.low) == 0;  // then z is the sum, without an error
    return {z, exact ? 0 : grown(a.rad + b.rad + 4 * u * u * std::abs(z.high))};
  }
  friend Ball operator-(Ball a, Ball b) { return a + -b; }
  friend Ball operator*(Ball a, Ball b) {
    const TwoDoubles p = two_product(a.mid, b.mid);
    const TwoDoubles z = fast_two_sum(p.high, p.low + (a.mid * b.low + a.low * b.mid));
    const double bm = std::abs(b.mid) * (1 + 2 * u), am = std::abs(a.mid) * (1 + 2 * u);
    const double as = std::abs(a.mid) + std::abs(a.low) + a.rad,
                 bs = std::abs(b.mid) + std::abs(b.low) + b.rad;
    const bool is_zero = (as < bs ? as : bs) + nothing_of(a.rad) + nothing_of(b.rad) == 0;
    const double rad = grown(am * b.rad + a.rad * (bm + b.rad) + 8 * u * u * std::abs(z.high));
    return {is_zero ? 0 : z.high, is_zero ? 0 : z.low, is_zero ? 0 : rad};
  }
  // Nothing where the divisor may be 0.
  //   formula: |a/b - m| <= (rad a + |m| rad b) / (|mid b| - rad b) + 24 u^2 |m|
  friend Ball operator/(Ball a, Ball b) {
    const double least = std::abs(b.mid) * (1 - 2 * u) - b.rad;
    const double first = a.mid / b.mid;
    const TwoDoubles r = two_product(b.mid, first);
    const double rest = ((a.mid - r.high) - r.low) + (a.low - first * b.low);
    const TwoDoubles z = fast_two_sum(first, rest / b.mid);
    const double m = std::abs(z.high) * (1 + 2 * u);
    const double rad = grown(grown_quotient(a.rad + m * b.rad, least) + 24 * u * u * m);
    return {z, least > 0 ? rad : std::numeric_limits<double>::infinity()};
  }

  // The range of f over the ball. Each middle is f's, computed as ball.cpp says; what the radius adds is
  // bounded by it times the largest |f'| there. Outside of their domain sqrt and log1p prove nothing.
  friend Ball exp(Ball x);
  friend Ball tanh(Ball x);
  friend Ball erf(Ball x);
  friend Ball erfc(Ball x);
  friend Ball log1p(Ball x);  // of x >= 0
  friend Ball sqrt(Ball x);
  friend Ball max(Ball x, Ball c);      // the larger one
  friend Ball exceeds(Ball x, Ball c);  // 1 where x > c, else 0; both where that cannot be told
};

template <>
inline constexpr bool is_interval<Ball> = true;

// The ball around two doubles that holds the enclosure; nothing where that has no ends.
Ball ball_of(const Interval60& x);

// Constants, like angles and their frequencies (algebra/balls.cpp), are taken from enclosures of 60 digits.
template <>
Ball Function<Ball>::value(const Exact& c);
// Compiled once, in ball.cpp.
extern template Ball Function<Ball>::ratio(long, long);
extern template Ball Function<Ball>::tanh_gelu_c(Activation);
extern template Ball Function<Ball>::activation(Activation, int, const Ball&);

}  // namespace plumbline
