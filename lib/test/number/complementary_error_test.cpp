// The series of erfc against MPFR's own.
#include "plumbline/number/complementary_error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "plumbline/number/scalars.hpp"

namespace plumbline {
namespace {

using Wide = mp::number<mp::mpfr_float_backend<240, mp::allocate_stack>, mp::et_off>;

// Arguments of all sizes up to 30, with as many bits as a Mp100 has; middles between the points; points and
// what lies beside them.
std::vector<Mp100> arguments(int count) {
  std::mt19937_64 bits(1);
  const auto uniform = [&] { return double(bits() >> 11) * 0x1p-53; };
  std::vector<Mp100> all;
  for (int i = 0; i < count; ++i) {
    const double size = i % 3 ? 6 * uniform() : 30 * std::exp2(-60 * uniform());
    all.push_back(Mp100(size) * (Mp100(1) + Mp100(uniform()) * Mp100(0x1p-50)) * (i % 2 ? 1 : -1));
  }
  for (int k = -16; k <= 16; ++k)
    for (const double beside : {0.0, 0x1p-40, -0x1p-40, 0x1p-5}) all.push_back(Mp100(k / 16.0 + beside));
  return all;
}

template <class S>
void expect_the_bits_of_mpfr(int count) {
  for (const Mp100& given : arguments(count)) {
    const S x(given);
    for (const mpfr_rnd_t rounding : {MPFR_RNDN, MPFR_RNDD, MPFR_RNDU}) {
      S y, expected;
      complementary_error(y.backend().data(), x.backend().data(), rounding);
      mpfr_erfc(expected.backend().data(), x.backend().data(), rounding);
      ASSERT_TRUE(mpfr_equal_p(y.backend().data(), expected.backend().data()))
          << x << " " << y << " " << expected;
    }
  }
}

TEST(ComplementaryError, HasTheBitsOfMpfr) {
  expect_the_bits_of_mpfr<Mp50>(3000);
  expect_the_bits_of_mpfr<Mp100>(1000);
  expect_the_bits_of_mpfr<mp::number<mp::mpfr_float_backend<20, mp::allocate_stack>, mp::et_off>>(3000);
}

TEST(ComplementaryError, OfWhatIsNoNumberIsMpfrs) {
  for (const double x : {0.0, -0.0, HUGE_VAL, -HUGE_VAL, 1e300, -1e300, 26.0, 26.01, -26.01, 5e-324}) {
    Mp50 y, expected;
    complementary_error(y.backend().data(), Mp50(x).backend().data(), MPFR_RNDN);
    mpfr_erfc(expected.backend().data(), Mp50(x).backend().data(), MPFR_RNDN);
    EXPECT_TRUE(mpfr_equal_p(y.backend().data(), expected.backend().data())) << x;
  }
  Mp50 y;
  complementary_error(y.backend().data(), Mp50(NAN).backend().data(), MPFR_RNDN);
  EXPECT_TRUE(mpfr_nan_p(y.backend().data()));
}

// The bound holds, and is no wider than 2^-30 of what is computed: of 40 bits that are computed beyond those
// asked for, 30 count.
template <class S>
void expect_that_the_bound_holds(int count) {
  double closest = -HUGE_VAL;
  for (const Mp100& given : arguments(count)) {
    if (abs(given) > 26) continue;
    const Mp50 x(given);
    S y;
    const mpfr_exp_t bound = complementary_error_near(y.backend().data(), x.backend().data());
    Wide exact;
    mpfr_erfc(exact.backend().data(), x.backend().data(), MPFR_RNDN);
    const Wide off = abs(Wide(Wide(y) - exact));
    EXPECT_LE(off, ldexp(Wide(1), int(bound))) << x;
    const mpfr_prec_t bits = mpfr_get_prec(y.backend().data());
    EXPECT_LE(bound, mpfr_get_exp(exact.backend().data()) - bits + 14) << x;
    if (off != 0) closest = std::max(closest, double(mpfr_get_exp(off.backend().data())) - double(bound));
  }
  EXPECT_GT(closest, -10);  // the bound speaks of what happens
}

TEST(ComplementaryError, IsAsNearAsItSays) {
  expect_that_the_bound_holds<Mp50>(2000);
  expect_that_the_bound_holds<Mp100>(500);
}

}  // namespace
}  // namespace plumbline
