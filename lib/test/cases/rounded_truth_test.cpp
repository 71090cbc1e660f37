#include "plumbline/cases/rounded_truth.hpp"

#include <gtest/gtest.h>

#include <random>

#include "plumbline/number/grid.hpp"
#include "plumbline/number/rounding.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

// Every decided entry against the rounding of an enclosure of 120 digits.
TEST(RoundedTruth, IsWhatEnclosuresRoundTo) {
  for (const char* name : {"pre_norm", "post_norm", "llama"}) {
    const CaseSettings s{
        .spec = find_preset(name).small({.d = 16, .d_ff = 24}), .tokens = 4, .batch = 2, .seed = 3};
    const CaseInputs in = inputs_of(s);
    const auto exact =
        gradients<Interval120>(s.spec, cast<Interval120>(in.parameters), cast<Interval120>(in.x),
                               cast<Interval120>(in.cotangent), s.batch);
    for (Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::f64}) {
      for (const RoundedTensor& t : correctly_rounded(s.spec, in, s.batch, dtype, 2)) {
        const Matrix<Interval120>& of = t.name == "y"        ? exact.y
                                        : t.name == "grad.x" ? exact.x
                                                             : exact.parameters.at(t.name.substr(5));
        EXPECT_EQ(t.decided[0] + t.decided[1] + t.decided[2] + long(t.undecided.size()), of.size()) << t.name;
        std::size_t next = 0;
        for (long i = 0; i < of.size(); ++i) {
          const bool is_undecided = next < t.undecided.size() && t.undecided[next] == i;
          next += is_undecided;
          const auto right = rounded(of.data()[i], dtype);
          if (!is_undecided) {
            ASSERT_EQ(t.value.data()[i], right.value()) << name << " " << t.name << "[" << i << "]";
          }
          // gradients that are 0 but for what cancels are not told from 0, and some are not told to a double
          if (is_undecided && dtype != Dtype::f64) {
            ASSERT_EQ(rounded(of.data()[i], Dtype::bf16), 0.0) << name << " " << t.name;
          }
        }
      }
    }
  }
}

// Balls beside a number and beside the middle between two, some of which they reach.
TEST(RoundedTruth, ABallIsRoundedWhereItsEndsRoundAlike) {
  std::mt19937_64 bits(9);
  std::uniform_real_distribution<double> mantissa(-2, 2), exponent(-45, 45), share(0, 2);
  int decided = 0, undecided = 0;
  for (Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::f64}) {
    const Grid<double> grid(dtype == Dtype::f64 ? Dtype::f32 : dtype, Rounding::to_nearest);
    for (int i = 0; i < 20000; ++i) {
      const double at =
          i % 7 == 0 ? std::exp2(std::floor(exponent(bits))) : mantissa(bits) * std::exp2(exponent(bits));
      const double c = dtype == Dtype::f64 ? at : grid.nearest(at);
      const double unit = dtype == Dtype::f64 ? std::abs(c) * 0x1p-52 : grid.unit(c);
      const Ball near = Ball(c) + Ball(i % 3 - 1) * Ball(unit) / Ball(i % 2 ? 2 : 4) +
                        Ball(share(bits) - 1) * Ball(unit) * Ball(0x1p-20);
      const Ball ball(near.mid, near.low, share(bits) * unit * (i % 5 ? 0x1p-20 : 0x1p-2));
      const End middle = End(ball.mid) + End(ball.low);
      const double low = rounded(End(middle - End(ball.rad)), dtype),
                   high = rounded(End(middle + End(ball.rad)), dtype);
      const auto one = rounded(ball, dtype);
      ASSERT_EQ(one.has_value(), low == high) << i;
      if (one) {
        ASSERT_EQ(*one, low) << i;
      }
      ++(one ? decided : undecided);
    }
  }
  EXPECT_GT(decided, 1000);
  EXPECT_GT(undecided, 1000);
  EXPECT_FALSE(rounded(Ball::nothing(), Dtype::f32));
}

}  // namespace
}  // namespace plumbline
