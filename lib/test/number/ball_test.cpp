// Each function of a ball against the same in 60 digits: at dense points, at random ones, at ends of balls.
#include "plumbline/number/ball.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "number/other_arithmetic.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/number/interval.hpp"
#include "plumbline/number/scalars_impl.hpp"

namespace plumbline {
namespace {

using I = Interval60;

// Whether the ball meets that enclosure, which is 2^-190 wide at most beside its value.
bool holds(const Ball& ball, const I& value) {
  if (!ball.is_bounded()) return true;
  const End middle = End(ball.mid) + End(ball.low);
  return middle - End(ball.rad) <= upper(value) && lower(value) <= middle + End(ball.rad);
}

struct Tried {
  const char* name;
  Ball (*of_ball)(Ball);
  I (*exact)(const I&);
  double from, to;
  double sharp;  // at points the radius is below so much of the value's size, or of 1
};

template <class S>
S gelu(S x) {
  return Function<S>::activation(Activation::gelu_erf, 0, x);
}
template <Activation f, int derivative, class S>
S activation(S x) {
  return Function<S>::activation(f, derivative, x);
}
template <Activation f, int derivative>
constexpr Tried of_activation(const char* name) {
  return {name,
          [](Ball x) { return activation<f, derivative>(x); },
          [](const I& x) { return activation<f, derivative>(x); },
          -30,
          30,
          0x1p-78};
}

const Tried all_tried[] = {
    {"exp", [](Ball x) { return exp(x); }, [](const I& x) { return exp(x); }, -699, 699, 0x1p-91},
    {"tanh", [](Ball x) { return tanh(x); }, [](const I& x) { return tanh(x); }, -40, 40, 0x1p-88},
    {"erf", [](Ball x) { return erf(x); }, [](const I& x) { return erf(x); }, -7, 7, 0x1p-88},
    {"erfc", [](Ball x) { return erfc(x); }, [](const I& x) { return erfc(x); }, -7, 26, 0x1p-89},
    {"log1p", [](Ball x) { return log1p(x); }, [](const I& x) { return log1p(x); }, 0, 1e6, 0x1p-88},
    {"sqrt", [](Ball x) { return sqrt(x); }, [](const I& x) { return sqrt(x); }, 0, 1e6, 0x1p-100},
    of_activation<Activation::gelu_erf, 0>("gelu_erf"),
    of_activation<Activation::gelu_erf, 1>("gelu_erf'"),
    of_activation<Activation::gelu_erf, 2>("gelu_erf''"),
    of_activation<Activation::gelu_tanh, 0>("gelu_tanh"),
    of_activation<Activation::gelu_tanh, 1>("gelu_tanh'"),
    of_activation<Activation::silu, 0>("silu"),
    of_activation<Activation::silu, 1>("silu'"),
    of_activation<Activation::silu, 2>("silu''"),
    of_activation<Activation::quick_gelu, 0>("quick_gelu"),
    of_activation<Activation::sigmoid, 1>("sigmoid'"),
    of_activation<Activation::softplus, 0>("softplus"),
    of_activation<Activation::erf, 1>("erf'"),
};

// Dense points of the domain, then points of all sizes, small ones too.
std::vector<double> points(const Tried& f, int count) {
  std::vector<double> out{0.0};
  std::mt19937_64 bits(7);
  std::uniform_real_distribution<double> anywhere(f.from, f.to), exponent(-60, 5);
  for (int i = 0; i < count; ++i) {
    out.push_back(f.from + (f.to - f.from) * i / count);
    out.push_back(anywhere(bits));
    const double small = std::exp2(exponent(bits));
    out.push_back(std::min(small, f.to));
    if (f.from < 0) out.push_back(std::max(-small, f.from));
  }
  return out;
}

TEST(Ball, EveryFunctionHoldsTheExactValueAndIsSharp) {
  for (const Tried& f : all_tried)
    for (double x : points(f, 2000)) {
      const I exact = f.exact(I(x));
      const Ball ball = f.of_ball(Ball(x));
      ASSERT_TRUE(holds(ball, exact)) << f.name << " at " << x;
      ASSERT_LE(ball.rad,
                f.sharp * std::max(std::abs(ball.mid), std::abs(x) < 1 ? std::abs(x) : 0x1p-1000) + 0x1p-88)
          << f.name << " at " << x;
    }
}

TEST(Ball, EveryFunctionHoldsTheValuesAtTheEndsOfABall) {
  std::mt19937_64 bits(11);
  std::uniform_real_distribution<double> exponent(-50, 1);
  for (const Tried& f : all_tried)
    for (double x : points(f, 300)) {
      const double r = std::exp2(exponent(bits));
      const Ball ball = f.of_ball(Ball(x, 0, r));
      for (double share : {-1.0, -0.7, 0.1, 0.9, 1.0})  // x + share r, exactly
        if (const I at = I(x) + I(share) * I(r); lower(at) >= End(f.from)) {
          ASSERT_TRUE(holds(ball, f.exact(at))) << f.name << " at " << x << " + " << share << " * " << r;
        }
    }
}

TEST(Ball, ArithmeticHoldsTheExactResultOfAllSizes) {
  std::mt19937_64 bits(3);
  std::uniform_real_distribution<double> exponent(-560, 560), mantissa(-2, 2), share(-1, 1);
  for (int i = 0; i < 20000; ++i) {
    const auto drawn = [&](bool point) {
      const double m = mantissa(bits) * std::exp2(exponent(bits) * (i % 2 ? 1 : 0.02));
      return Ball(m, m * share(bits) * 0x1p-54,
                  point ? 0.0 : std::abs(m) * std::exp2(exponent(bits) * 0.05 - 20));
    };
    const Ball a = drawn(i % 3 == 0), b = drawn(i % 5 == 0);
    const I x = I(a.mid) + I(a.low) + I(share(bits)) * I(a.rad),
            y = I(b.mid) + I(b.low) + I(share(bits)) * I(b.rad);
    ASSERT_TRUE(holds(a + b, x + y)) << i;
    ASSERT_TRUE(holds(a - b, x - y)) << i;
    ASSERT_TRUE(holds(a * b, x * y)) << i;
    ASSERT_TRUE(holds(a / b, x / y)) << i;
    ASSERT_TRUE(holds(max(a, b), max(x, y))) << i;
    ASSERT_TRUE(holds(exceeds(a, b), exceeds(x, y))) << i;
  }
}

// In all ranges: subnormal numbers, where half an ulp is no share of the result, and overflow.
TEST(Ball, BelowTheNormalRangeAndBeyondTheLargestNumber) {
  const Ball tiny(0x1p-1060), small(0x1.8p-30);
  EXPECT_TRUE(holds(tiny * small, I(0x1p-1060) * I(0x1.8p-30)));
  EXPECT_TRUE(holds(tiny / small, I(0x1p-1060) / I(0x1.8p-30)));
  EXPECT_FALSE((Ball(1e300) * Ball(1e300)).is_bounded());
  EXPECT_FALSE((Ball(0) * (Ball(1e300) * Ball(1e300))).is_bounded());
  EXPECT_FALSE(sqrt(Ball(1, 0, 2)).is_bounded());
  EXPECT_FALSE((Ball(1) / Ball(1, 0, 2)).is_bounded());
  EXPECT_FALSE(exp(Ball(800)).is_bounded());
}

TEST(Ball, AThreadThatRoundsOtherwiseIsRefused) {
  EXPECT_NO_THROW(require_rounding_to_nearest());
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    const test::OtherArithmetic a(mode);
    EXPECT_THROW(require_rounding_to_nearest(), Error) << mode;
  }
  EXPECT_NO_THROW(require_rounding_to_nearest());
}

#ifdef __SSE2__
TEST(Ball, AThreadThatTakesSmallNumbersForZeroIsRefused) {
  constexpr unsigned results_below_are_zero = 0x8000, operands_below_are_zero = 0x40;
  for (const unsigned flag : {results_below_are_zero, operands_below_are_zero}) {
    const test::OtherArithmetic a(FE_TONEAREST, flag);
    EXPECT_THROW(require_rounding_to_nearest(), Error) << flag;
  }
}
#endif

TEST(Ball, WhatIsExactHasNoRadius) {
  EXPECT_EQ((Ball(0.5) + Ball(0.25)).rad, 0);
  EXPECT_EQ((Ball(1) + Ball(0x1p-60)).rad, 0);
  EXPECT_GT((Ball(1) / Ball(3)).rad, 0);
  EXPECT_EQ(ball_of(I(3)).rad, 0);
  EXPECT_TRUE(holds(ball_of(I(1) / I(3)), I(1) / I(3)));
  EXPECT_TRUE(holds(Ball::pi(), I::pi()));
}

}  // namespace
}  // namespace plumbline
