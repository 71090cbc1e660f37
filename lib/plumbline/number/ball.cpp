// The functions of balls. Every constant below is a bound that follows from the lines beside it.
#include "plumbline/number/ball.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "plumbline/base/error.hpp"
#include "plumbline/number/ball_exp.hpp"
#include "plumbline/number/scalars_impl.hpp"

namespace plumbline {

// What is volatile is computed when the program runs, by the thread that asks.
void require_rounding_to_nearest() {
  volatile double one = 1, less_than_half_ulp = 0x1p-54, more = 0x1.8p-53, least = 0x1p-1074, half = 0.5;
  const bool to_nearest = one + less_than_half_ulp == 1 && -one - less_than_half_ulp == -1 &&
                          one + more == 1 + 0x1p-52 && -one - more == -1 - 0x1p-52;
  if (!to_nearest)
    throw Error("rounding: expected to the nearest number, found another mode (fesetround) in this thread");
  const bool keeps_small = (least * 0x1p52) * 0x1p1022 == 1 && 0x1p-1022 * half == 0x1p-1023;
  if (!keeps_small)
    throw Error(
        "numbers below 2^-1022: expected to be kept, found taken for 0 (flush to zero) in this thread");
}

namespace {

constexpr double u = Ball::u;

// A number of 100 digits as two doubles: within u^2 of it.
TwoDoubles two_doubles(const Mp100& x) {
  const double high = static_cast<double>(x);
  return {high, static_cast<double>(Mp100(x - high))};
}

// A series of coefficients that are known to 100 digits.
template <std::size_t words, std::size_t doubles, class Coefficient>
Series<words, doubles> series_of(const Coefficient& c) {
  Series<words, doubles> s;
  for (std::size_t i = 0; i < words; ++i) s.first[i] = two_doubles(c(int(i)));
  for (std::size_t i = 0; i < doubles; ++i) s.rest[i] = static_cast<double>(c(int(words + i)));
  return s;
}

Exponential made_exponential() {
  Exponential e;
  const Mp100 part = log(Mp100(2)) / 64;
  for (std::size_t j = 0; j < 64; ++j) {
    const TwoDoubles root = two_doubles(exp(Mp100(part * int(j))));
    e.root[j] = root.high;
    e.rest_of_root[j] = root.low;
  }
  e.first = std::ldexp(std::floor(std::ldexp(static_cast<double>(part), 42)), -42);
  e.second = std::ldexp(std::floor(std::ldexp(static_cast<double>(Mp100(part - e.first)), 78)), -78);
  e.third = static_cast<double>(Mp100(part - e.first - e.second));
  e.series = series_of<6, 6>([](int i) {
    Mp100 factorial = 1;
    for (int n = 2; n <= i; ++n) factorial *= n;
    return Mp100(1 / factorial);
  });
  return e;
}

TwoDoubles exp_near(const TwoDoubles& x) { return exp_near(Exponential::table(), x); }

// A point ball of two doubles, and that ball with a radius that is a share of it.
Ball within(const TwoDoubles& y, double share) { return {y, Ball::grown(std::abs(y.high) * share)}; }
Ball moved_by(const Ball& y, double more) { return {y.mid, y.low, Ball::grown(y.rad + more)}; }
Ball middle_of(const Ball& x) { return {x.mid, x.low, 0}; }

}  // namespace

const Exponential& Exponential::table() {
  static const Exponential one = made_exponential();
  return one;
}

// Beyond |x| = 700 the ends are 0 and nothing; |e^(x+h) - e^x| <= e^x e^|h|.
Ball exp(Ball x) {
  constexpr double far = 700;
  if (is_ordinary(x)) return exp_ordinary(Exponential::table(), x);
  const double top = x.mid + x.rad;
  if (!(top <= far)) return Ball::nothing();
  if (x.mid - x.rad < -far) return {0, 0, Ball::grown(top < -far ? 0x1p-1000 : 2 * exp_near({top, 0}).high)};
  return within(exp_near({x.mid, x.low}), 2 * exp_near({x.rad, 0}).high);
}

// s + (x - s^2) / 2s: the residual is exact but for three roundings of at most 4 u x; what is left out is
// below its square, u^2 / 2. |root x - root m| <= |x - m| / root m.
Ball sqrt(Ball x) {
  if (!(x.mid * (1 - 2 * u) - x.rad >= 0)) return Ball::nothing();
  const double s = std::sqrt(x.mid);
  if (s == 0) return {};
  const TwoDoubles square = two_product(s, s);
  const double rest = ((x.mid - square.high) - square.low) + x.low;
  return moved_by(within(fast_two_sum(s, rest / (2 * s)), 16 * u * u),
                  Ball::grown_quotient(x.rad, s * (1 - 4 * u)));
}

namespace {

// sum c_i x^i in balls, whose coefficients are c(i), exact in 100 digits.
template <int terms, class Coefficient>
Ball series_in_balls(const Ball& x, const Coefficient& c) {
  static const std::array<Ball, terms> coefficients = [&] {
    std::array<Ball, terms> all;
    for (int i = 0; i < terms; ++i) all[std::size_t(i)] = within(two_doubles(c(i)), 2 * u * u);
    return all;
  }();
  Ball y = coefficients[terms - 1];
  for (int i = terms - 1; i-- > 0;) y = y * x + coefficients[std::size_t(i)];
  return y;
}

// (e^x - 1) / x of |x| <= 1/8: of 19 terms the rest is below (1/8)^19 / 20! < 2^-117.
Ball expm1_over_x(const Ball& x) {
  return moved_by(series_in_balls<19>(x,
                                      [](int i) {
                                        Mp100 factorial = 1;
                                        for (int n = 2; n <= i + 1; ++n) factorial *= n;
                                        return Mp100(1 / factorial);
                                      }),
                  0x1p-117);
}

}  // namespace

// tanh x = s / (s + 2), s = e^2x - 1; from 1/16 on (1 - e^-2|x|) / (1 + e^-2|x|). |tanh'| <= 1.
Ball tanh(Ball x) {
  if (!x.is_bounded()) return x;
  const Ball at = middle_of(x);
  if (std::abs(x.mid) <= 0x1p-4) {
    const Ball twice = at + at, s = twice * expm1_over_x(twice);
    return moved_by(s / (s + Ball(2)), x.rad);
  }
  const Ball far = x.mid > 0 ? at : -at, e = exp(-(far + far)), t = (Ball(1) - e) / (Ball(1) + e);
  return moved_by(x.mid > 0 ? t : -t, x.rad);
}

namespace {

// K = e^(x^2) erfc x, 0 <= x <= 26.5, as series about the middles of steps of 1/32. K' = 2 x K - 2 /
// sqrt(pi), and K^(n+1) = 2 x K^(n) + 2 n K^(n-1); |K^(n)| <= 2^n Gamma((n+1)/2) / sqrt(pi), as K is
// 2/sqrt(pi) times the integral of e^(-s^2 - 2xs) over s > 0. With |t| <= 1/64, of 15 terms the rest is below
// 2^-103, of K >= 0.021 below 2^-97. The doubles begin with t^8 K^(8) / 8! < 2^-52 and lose 14 u of that;
// words 2^-99.
class ScaledErfc {
 public:
  static constexpr double step = 0x1p-5, far = 26.5, error = 0x1p-95;
  static const ScaledErfc& table() {
    static const ScaledErfc one;
    return one;
  }
  TwoDoubles near(const TwoDoubles& x) const {
    const auto i = std::size_t(x.high / step);
    const TwoDoubles t = two_sum(x.high, -(double(i) + 0.5) * step);
    return series_[i].at(fast_two_sum(t.high, t.low + x.low));
  }

 private:
  ScaledErfc() {
    const Mp100 slope = Mp100(2) / sqrt(detail::pi<Mp100>());
    for (int i = 0; i <= int(far / step); ++i) {
      const Mp100 x = (Mp100(i) + Mp100(0.5)) * Mp100(step);
      std::array<Mp100, 15> k;  // derivatives over n!; the recurrence loses digits, of which there are 100
      k[0] = exp(Mp100(x * x)) * detail::complementary_error(x);
      k[1] = 2 * x * k[0] - slope;
      for (int n = 1; n < 14; ++n) k[n + 1] = (2 * x * k[n] + 2 * k[n - 1]) / (n + 1);
      series_.push_back(series_of<8, 7>([&](int n) { return k[std::size_t(n)]; }));
    }
  }
  std::vector<Series<8, 7>> series_;
};

// erfc of x >= 0, and an upper bound of e^(-x^2). x^2 <= 703 loses 7 u^2 of itself, which moves its
// exponential by less than 2^-93 of it.
struct Tail {
  Ball erfc;
  double density;
};
Tail tail_of_positive(const TwoDoubles& x) {
  if (x.high > ScaledErfc::far) return {{0, 0, 0x1p-1000}, 0x1p-900};
  const TwoDoubles square = times(x, x), e = exp_near({-square.high, -square.low});
  return {within(times(e, ScaledErfc::table().near(x)), exp_error + ScaledErfc::error + 0x1p-92),
          e.high * (1 + 0x1p-50)};
}

// What moving the argument by r adds: r times the largest density within reach. With t = 2 |x| r that is at
// most e^t times the one at x, and e^t <= 1 + 2 t for t <= 1.
constexpr double two_over_root_pi = 1.1283791670955127 * (1 + 0x1p-40);
double moved_erf(const Ball& x) {
  if (x.rad == 0) return 0;
  const double nearest = std::max(0.0, std::abs(x.mid) * (1 - 4 * u) - x.rad);
  const double density = nearest > 26 ? 0x1p-900 : exp_near({-nearest * nearest * (1 - 0x1p-50), 0}).high;
  return x.rad * two_over_root_pi * density;
}
double moved_erf(const Ball& x, double density) {
  const double t = 2 * std::abs(x.mid) * (1 + 0x1p-50) * x.rad;
  return t <= 1 ? x.rad * two_over_root_pi * density * (1 + 2 * t) : moved_erf(x);
}

TwoDoubles absolute(const Ball& x) {
  return x.mid < 0 ? TwoDoubles{-x.mid, -x.low} : TwoDoubles{x.mid, x.low};
}

}  // namespace

Ball erfc(Ball x) {
  if (!x.is_bounded()) return x;
  const auto [at, density] = tail_of_positive(absolute(x));
  return moved_by(x.mid >= 0 ? at : Ball(2) - at, moved_erf(x, density));
}

// Below 1/4 the series 2/sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1)): of 17 terms the rest is below 2^-68 /
// 17! < 2^-116 of it.
Ball erf(Ball x) {
  if (!x.is_bounded()) return x;
  if (std::abs(x.mid) >= 0.25) {
    const auto [tail, density] = tail_of_positive(absolute(x));
    const Ball y = Ball(1) - tail;
    return moved_by(x.mid > 0 ? y : -y, moved_erf(x, density));
  }
  const Ball at = middle_of(x),
             sum = series_in_balls<17>(at * at, [](int n) {
               Mp100 factorial = 1;
               for (int i = 2; i <= n; ++i) factorial *= i;
               return Mp100((n % 2 ? -2 : 2) / (sqrt(detail::pi<Mp100>()) * factorial * (2 * n + 1)));
             });
  return moved_by(at * sum, moved_erf(x) + std::abs(x.mid) * 0x1p-110);
}

// From a first value y of the C library, whatever its error: log(1 + x) = y + log(1 + e), e = (1 + x) e^-y -
// 1; of the series in e four terms, the rest below |e|^5. Small x are such an e themselves. The slope is at
// most 1 / (1 + x - r).
Ball log1p(Ball x) {
  if (!x.is_bounded() || x.mid * (1 - 2 * u) - x.rad < 0) return Ball::nothing();
  const Ball at = middle_of(x);
  const bool is_small = x.mid < 0x1p-24;
  const double first = is_small ? 0 : std::log1p(x.mid);
  const Ball e = is_small ? at : (Ball(1) + at) * exp(Ball(-first)) - Ball(1);
  const double size = e.size();
  if (!(size < 0x1p-20)) return Ball::nothing();
  const Ball series = e * (Ball(1) - e * (Ball(1) / Ball(2) - e * (Ball(1) / Ball(3) - e / Ball(4))));
  return moved_by(Ball(first) + series,
                  size * size * size * size * size + x.rad / (1 + std::max(0.0, x.mid - x.rad)));
}

Ball max(Ball x, Ball c) {
  if (!x.is_bounded() || !c.is_bounded()) return Ball::nothing();
  const Ball& larger = (middle_of(x) - middle_of(c)).mid > 0 ? x : c;
  return {larger.mid, larger.low, std::max(x.rad, c.rad)};  // it moves no farther than both
}

Ball exceeds(Ball x, Ball c) {
  const Ball apart = x - c;
  if (!apart.is_bounded()) return Ball::nothing();
  const double most = Ball::grown(apart.rad + std::abs(apart.low));
  if (apart.mid == 0 && apart.low == 0 && apart.rad == 0) return 0;
  return apart.mid > most ? Ball(1) : apart.mid < -most ? Ball(0) : Ball(0.5, 0, 0.5);
}

Ball ball_of(const Interval60& x) {
  if (!is_bounded(x)) return Ball::nothing();
  const End low = lower(x), high = upper(x), middle = (low + high) / 2;
  const double m = static_cast<double>(middle), rest = static_cast<double>(End(middle - m));
  const End found = End(m) + rest;
  const double r = static_cast<double>(End(std::max(End(high - found), End(found - low))));
  return {m, rest, r == 0 ? 0 : Ball::grown(r)};
}

template <>
Ball Function<Ball>::value(const Exact& c) {
  return ball_of(Function<Interval60>::value(c));
}

template <>
Ball detail::logistic(const Ball& x) {
  if (is_ordinary(x)) return logistic_ordinary(Exponential::table(), x);
  const Ball e = exp(x.mid < 0 ? x : -x);
  return (x.mid < 0 ? e : Ball(1)) / (Ball(1) + e);
}

// Its constants once, and no quotients.
template <>
Ball detail::gelu_erf(int derivative, const Ball& x) {
  static const Ball root_half = ball_of(sqrt(Interval60(1) / Interval60(2))),
                    highest = ball_of(Interval60(1) / sqrt(Interval60(2) * Interval60::pi()));
  const auto density = [&] { return exp(x * x * Ball(-0.5)) * highest; };
  if (derivative == 2) return density() * (Ball(2) - x * x);
  const Ball distribution = erfc(x * -root_half) * Ball(0.5);
  return derivative == 0 ? x * distribution : distribution + x * density();
}

template Ball Function<Ball>::ratio(long, long);
template Ball Function<Ball>::tanh_gelu_c(Activation);
template Ball Function<Ball>::activation(Activation, int, const Ball&);

}  // namespace plumbline
