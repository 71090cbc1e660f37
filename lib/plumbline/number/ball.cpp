// The functions of balls. Every constant below is a bound that follows from the lines beside it.
#include "plumbline/number/ball.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "plumbline/number/scalars_impl.hpp"

namespace plumbline {
namespace {

constexpr double u = Ball::u;

// 1.5 2^52: beside it a double has no digits behind the point.
constexpr double to_whole = 0x1.8p52;

// 2^k of whole |k| <= 1022.
double power_of_two(double k) { return std::bit_cast<double>((std::int64_t(k) + 1023) << 52); }

// A sum of c[i] x^i by Horner's rule. In degree n it loses at most 2n u of sum |c_i x^i|   (Higham 2002, 5.1).
template <std::size_t n>
double polynomial(const std::array<double, n>& c, double x) {
  double y = c[n - 1];
  for (std::size_t i = n - 1; i-- > 0;) y = y * x + c[i];
  return y;
}

// 1 / i!, i = 0 ... 13, each within u of it.
constexpr std::array<double, 14> inverse_factorials = [] {
  std::array<double, 14> c{};
  double factorial = 1;  // exact up to 18!
  for (int i = 0; i < 14; ++i) c[std::size_t(i)] = 1 / (factorial *= i ? i : 1);
  return c;
}();

}  // namespace

// x = k log 2 + r, |r| <= 0.35: the first part of log 2 has 32 bits, so that k times it is exact; r loses 2 u 0.35. The
// series ends at r^13: 0.35^14 / 14! < 2^-57 of e^r. Horner loses 28 u of e^|r|, 28 u e^0.7 < 57 u of e^r. All
// together less than 64 u = 2^-47.
double exp_near(double x) {
  constexpr double log_2_high = 0x1.62e42feep-1, log_2_low = 0x1.a39ef35793c76p-33;
  const double k = (x * 0x1.71547652b82fep0 + to_whole) - to_whole;
  const double r = (x - k * log_2_high) - k * log_2_low;
  return polynomial(inverse_factorials, r) * power_of_two(k);
}

// Beyond |x| = 700 the ends are 0 and nothing. |e^(x+h) - e^x| <= e^x (e^|h| - 1) <= e^x |h| (1 + |h|) for |h| <= 1.
Ball exp(Ball x) {
  constexpr double far = 700;
  if (x.mid + x.rad > far || !x.is_bounded()) return Ball::nothing();
  if (x.mid - x.rad < -far) return {0, Ball::grown(x.mid + x.rad < -far ? 0x1p-1000 : exp_near(x.mid + x.rad) * 2)};
  if (x.is_exactly(0)) return 1;
  const double e = exp_near(x.mid);
  const double moved = x.rad <= 1 ? x.rad * (1 + x.rad) : 2 * exp_near(x.rad);
  return {e, Ball::grown(e * (moved + exp_error * (1 + moved) * 2))};
}

Ball sqrt(Ball x) {
  if (!(x.mid - x.rad >= 0)) return Ball::nothing();
  const double s = std::sqrt(x.mid);  // within u of it
  if (s == 0) return {};
  return {s, Ball::grown(Ball::grown_quotient(x.rad, s) + u * s)};  // |root x - root m| <= |x - m| / root m
}

namespace {

// e^x - 1 of |x| <= 1/2 within 64 u of it: the series to x^13, x taken out. The rest is below 0.5^13 / 14! < 2^-49 of it.
double expm1_near(double x) {
  std::array<double, 13> c;
  std::copy_n(inverse_factorials.begin() + 1, 13, c.begin());
  return x * polynomial(c, x);
}

}  // namespace

// tanh x = s / (s + 2), s = e^2x - 1. Beyond 1/4 from e^2|x| by 1 - 2 / (e^2|x| + 1), where the quotient is below 0.76
// and loses 2^-46 of itself. |tanh'| <= 1.
Ball tanh(Ball x) {
  if (!x.is_bounded()) return x;
  const double a = std::abs(x.mid);
  if (a == 0) return {0, x.rad};
  const double s = a <= 0.25 ? expm1_near(2 * a) : 0;
  const double t = a <= 0.25 ? s / (s + 2) : a > 300 ? 1 : 1 - 2 / (exp_near(2 * a) + 1);
  return {std::copysign(t, x.mid), Ball::grown(x.rad + t * 0x1p-44)};
}

namespace {

// e^(x^2) erfc x, 0 <= x <= 26.5, as series about the middles of steps of 1/16. K' = 2 x K - 2 / sqrt(pi), and
// K^(n+1) = 2 x K^(n) + 2 n K^(n-1); |K^(n)| <= 2^n Gamma((n+1)/2) / sqrt(pi), as K = 2/sqrt(pi) times the integral of
// e^(-s^2 - 2xs) over s > 0. Of 10 terms the rest is below 30300 / 10! (1/32)^10 < 2^-56, of K >= 0.021 below 2^-50.
// Horner loses 20 u of at most 1.1 K, coefficients u: together less than 2^-47 of K.
class ScaledErfc {
 public:
  static constexpr double step = 0x1p-4, far = 26.5;
  static const ScaledErfc& table() {
    static const ScaledErfc one;
    return one;
  }
  double near(double x) const {
    const auto i = std::size_t(x / step);
    return polynomial(series_[i], x - (double(i) + 0.5) * step);
  }

 private:
  ScaledErfc() {
    for (int i = 0; i <= int(far / step); ++i) {
      const Mp100 x = (Mp100(i) + Mp100(0.5)) * Mp100(step);
      std::array<Mp100, 10> k;  // derivatives; the recurrence loses digits, of which there are 100
      k[0] = exp(Mp100(x * x)) * detail::complementary_error(x);
      k[1] = 2 * x * k[0] - Mp100(2) / sqrt(detail::pi<Mp100>());
      for (int n = 1; n < 9; ++n) k[n + 1] = 2 * x * k[n] + 2 * n * k[n - 1];
      std::array<double, 10> c;
      Mp100 factorial = 1;
      for (int n = 0; n < 10; ++n) {
        if (n > 0) factorial *= n;
        c[n] = static_cast<double>(Mp100(k[n] / factorial));
      }
      series_.push_back(c);
    }
  }
  std::vector<std::array<double, 10>> series_;
};

// erfc of x >= 0. x^2 is rounded, which moves its exponential by u x^2 of it.
Ball erfc_of_positive(double x) {
  if (x > ScaledErfc::far) return {0, 0x1p-1000};
  const double square = x * x, y = exp_near(-square) * ScaledErfc::table().near(x);
  return {y, Ball::grown(y * (0x1p-45 + 2 * u * square))};
}

constexpr double steepest_erf = 1.1283791670955127;  // 2 / sqrt(pi), rounded up

// What moving the argument by r adds: r times the largest density within reach.
double moved_erf(Ball x) {
  if (x.rad == 0) return 0;
  const double nearest = std::max(0.0, std::abs(x.mid) - x.rad);
  return x.rad * (nearest > 26 ? 0x1p-900 : (1 + 0x1p-30) * steepest_erf * exp_near(-nearest * nearest * (1 - 0x1p-40)));
}

}  // namespace

Ball erfc(Ball x) {
  if (!x.is_bounded()) return x;
  const Ball at = erfc_of_positive(std::abs(x.mid));
  const Ball y = x.mid >= 0 ? at : Ball(2) - at;
  return {y.mid, Ball::grown(y.rad + moved_erf(x))};
}

// Below 1/2 the series 2/sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1)): of 12 terms the rest is below 0.25^12 / 12! < 2^-52,
// Horner loses 24 u of at most 1.3 times the sum.
Ball erf(Ball x) {
  if (!x.is_bounded()) return x;
  if (std::abs(x.mid) >= 0.5) {
    const Ball y = Ball(1) - erfc_of_positive(std::abs(x.mid));
    return {std::copysign(y.mid, x.mid), Ball::grown(y.rad + moved_erf(x))};
  }
  static const std::array<double, 12> series = [] {
    std::array<double, 12> c;
    for (int n = 0; n < 12; ++n) c[n] = (n % 2 ? -1 : 1) * steepest_erf * inverse_factorials[n] / (2 * n + 1);
    return c;
  }();
  const double y = x.mid * polynomial(series, x.mid * x.mid);
  return {y, Ball::grown(std::abs(y) * 0x1p-46 + moved_erf(x))};
}

// log(1 + x) = 2 artanh(x / (2 + x)), of x > 1 with the power of two taken out: |s| <= 1/3, and the series in s^2 <= 1/9
// ends after 17 terms, the rest below 9^-17 / 35 < 2^-58. Its slope is at most 1 / (1 + x - r).
Ball log1p(Ball x) {
  if (!x.is_bounded() || x.mid - x.rad < 0) return Ball::nothing();
  static const std::array<double, 17> series = [] {
    std::array<double, 17> c;
    for (int n = 0; n < 17; ++n) c[n] = 2.0 / (2 * n + 1);
    return c;
  }();
  int exponent = 0;
  double part = x.mid;
  if (x.mid > 1) part = 2 * std::frexp(1 + x.mid, &exponent) - 1, --exponent;  // 1 + x = (1 + part) 2^exponent
  const double s = part / (2 + part);
  const double y = s * polynomial(series, s * s) + exponent * 0x1.62e42fefa39efp-1;
  return {y, Ball::grown(x.rad / (1 + std::max(0.0, x.mid - x.rad)) + (y + 1) * (x.mid > 1 ? 0x1p-46 : 0) + y * 0x1p-46)};
}

Ball max(Ball x, Ball c) {
  if (!x.is_bounded() || !c.is_bounded()) return Ball::nothing();
  return {std::max(x.mid, c.mid), std::max(x.rad, c.rad)};  // the larger one moves no farther than both
}

Ball exceeds(Ball x, Ball c) {
  if (!x.is_bounded() || !c.is_bounded()) return Ball::nothing();
  const double apart = x.mid - c.mid, both = Ball::grown(x.rad + c.rad);
  if (x.rad == 0 && c.rad == 0) return x.mid > c.mid ? 1 : 0;
  return apart * (1 - 2 * u) > both ? Ball(1) : apart * (1 - 2 * u) < -both ? Ball(0) : Ball(0.5, 0.5);
}

Ball ball_of(const Interval60& x) {
  if (!is_bounded(x)) return Ball::nothing();
  const End low = lower(x), high = upper(x);
  const double m = static_cast<double>(End((low + high) / 2));
  const double r = static_cast<double>(End(std::max(End(high - m), End(m - low))));
  return r == 0 ? Ball(m) : Ball(m, Ball::grown(r));
}

template <>
Ball Function<Ball>::value(const Exact& c) {
  return ball_of(Function<Interval60>::value(c));
}

}  // namespace plumbline
