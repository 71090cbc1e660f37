// Balls: a double and a radius around it that holds the true value. They cost a few operations where an enclosure of
// many digits costs hundreds, and prove what a float32, or a tolerance, needs to know.
#pragma once

#include <cmath>
#include <limits>

#include "plumbline/number/function.hpp"
#include "plumbline/number/scalars.hpp"

namespace plumbline {

// |value - mid| <= rad. Where rad is infinite nothing is proved, not even that there is a value; what is computed from
// that proves nothing either, also as a factor of 0.
//   error: every operation holds the values of all points of its operands. Rounding to nearest is all that is asked of
//     the processor: with u = 2^-53, half an ulp of mid is at most u |mid|, or 2^-1075 below the normal range. Radii are
//     computed with the same rounding and then made larger by `grown`.
//   source: J. van der Hoeven, Ball arithmetic (2009); S. M. Rump, Verification methods (Acta Numerica 2010), 9 and 10
struct Ball {
  double mid = 0, rad = 0;

  // The point x, nothing where that is no number; the ball of that middle and radius.
  Ball() = default;
  template <class N>
  requires std::is_arithmetic_v<N> Ball(N x) : Ball(double(x), 0) {}
  Ball(double middle, double radius) : mid(middle), rad(radius) {
    if (!(std::abs(mid) <= largest) || !(rad <= largest)) mid = 0, rad = std::numeric_limits<double>::infinity();
  }
  // The number pi.
  static Ball pi() { return {0x1.921fb54442d18p+1, 0x1p-52}; }

  // Whether anything is proved.
  bool is_bounded() const { return rad <= largest; }

  static constexpr double u = 0x1p-53, largest = std::numeric_limits<double>::max();
  // r, a sum of products of numbers that are not negative, computed in up to 30 operations: each may have lost u of its
  // result, and 2^-1075 where that was below the normal range.
  static double grown(double r) { return r * (1 + 0x1p-48) + 0x1p-1060; }
  static double grown_quotient(double above, double below) {  // of a divisor that may be small: added to what is divided
    return grown((above + 0x1p-1060) / below);
  }

  Ball operator-() const { return {-mid, rad}; }
  friend Ball operator+(Ball a, Ball b) {
    const double m = a.mid + b.mid;
    return a.rad + b.rad == 0 && m - a.mid == b.mid && m - b.mid == a.mid ? Ball(m)
                                                                          : Ball(m, grown(a.rad + b.rad + u * std::abs(m)));
  }
  friend Ball operator-(Ball a, Ball b) { return a + -b; }
  friend Ball operator*(Ball a, Ball b) {
    const double m = a.mid * b.mid;
    if (a.is_exactly(0) || b.is_exactly(0)) return a.is_bounded() && b.is_bounded() ? Ball() : nothing();
    return {m, grown(std::abs(a.mid) * b.rad + a.rad * (std::abs(b.mid) + b.rad) + u * std::abs(m))};
  }
  // Nothing where the divisor may be 0.
  //   formula: |a/b - m| <= (rad a + |m| rad b) / (|mid b| - rad b) + u |m|
  friend Ball operator/(Ball a, Ball b) {
    const double m = a.mid / b.mid, least = std::abs(b.mid) - b.rad;
    if (!(least > 0)) return nothing();
    return {m, grown(grown_quotient(a.rad + std::abs(m) * b.rad, least) + u * std::abs(m))};
  }

  // Whether it is that point.
  bool is_exactly(double x) const { return mid == x && rad == 0; }
  static Ball nothing() { return {0, std::numeric_limits<double>::infinity()}; }

  // The range of f over the ball. Each middle is f's, computed as ball.cpp says; what the radius adds is bounded by it
  // times the largest |f'| there. sqrt and log1p prove nothing where the ball leaves their domain.
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

// The smallest ball around a double that holds the enclosure; nothing where that has no ends.
Ball ball_of(const Interval60& x);
// e^x of |x| <= 700 within `exp_error` of it, relatively.
double exp_near(double x);
inline constexpr double exp_error = 0x1p-47;

// What needs more than doubles can tell (angles, their frequencies, constants) is taken from enclosures of 60 digits.
template <>
Ball Function<Ball>::value(const Exact& c);

}  // namespace plumbline
