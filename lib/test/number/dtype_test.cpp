// Rounding to a format, against definitions that share nothing with it: the hardware's casts for float32, and
// for the 16-bit formats the list of all their numbers.
#include "plumbline/number/rounding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace plumbline {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Dtype, Float32RoundsAsTheHardwareDoes) {
  std::mt19937_64 bits(1);
  for (int i = 0; i < 100000; ++i) {
    const double x = decode(bits(), Dtype::f64);
    if (std::isfinite(x)) {
      EXPECT_EQ(rounded(End(x), Dtype::f32), static_cast<double>(static_cast<float>(x))) << x;
    }
    const double near =
        std::ldexp(1 + static_cast<double>(bits() >> 12) * 0x1p-52, static_cast<int>(bits() % 300) - 160);
    EXPECT_EQ(rounded(End(near), Dtype::f32), static_cast<double>(static_cast<float>(near))) << near;
  }
}

TEST(Dtype, Float64KeepsADouble) {
  for (double x : {0.1, -0x1.fffffffffffffp1023, 0x1p-1074, 0x1.8p-1073})
    EXPECT_EQ(rounded(End(x), Dtype::f64), x);
  EXPECT_EQ(rounded(End("1e400"), Dtype::f64), infinity);
  EXPECT_EQ(rounded(End("1e-400"), Dtype::f64), 0.0);
}

// Many numbers as the bytes of one after another, lowest first, and as one by one.
TEST(Dtype, ManyAreAsOneByOne) {
  std::mt19937_64 random(1);
  for (const DtypeInfo& type : dtypes()) {
    std::vector<double> values, back(65536);
    std::string bytes;
    for (std::uint64_t i = 0; i < 65536; ++i) {
      std::uint64_t bits = type.bytes == 2 ? i : random() >> (64 - 8 * type.bytes);
      if (type.dtype == Dtype::boolean) bits %= 2;
      if (type.dtype == Dtype::i64) bits >>= 11;  // a double has them all
      if (std::isnan(decode(bits, type.dtype))) bits = 0;
      values.push_back(decode(bits, type.dtype));
      for (int k = 0; k < type.bytes; ++k) bytes += static_cast<char>(bits >> 8 * k & 0xff);
    }
    std::string encoded(bytes.size(), '\0');
    encode(values.data(), 65536, type.dtype, encoded.data());
    decode(bytes.data(), 65536, type.dtype, back.data());
    EXPECT_TRUE(encoded == bytes) << type.word;
    EXPECT_TRUE(std::memcmp(back.data(), values.data(), sizeof(double) * 65536) == 0) << type.word;
  }
}

// Between two neighbours everything below the middle rounds down, above it up, and the middle to the
// even one.
class SixteenBits : public testing::TestWithParam<Dtype> {};

TEST_P(SixteenBits, EveryNumberIsKeptAndEveryMiddleGoesToTheEvenOne) {
  const Dtype dtype = GetParam();
  const std::uint64_t first_infinity = dtype == Dtype::f16 ? 0x7c00 : 0x7f80;
  for (std::uint64_t bits = 0; bits < first_infinity; ++bits) {
    const double a = decode(bits, dtype);
    EXPECT_EQ(encode(a, dtype), bits);
    EXPECT_EQ(encode(-a, dtype), bits | 0x8000);
    EXPECT_EQ(rounded(End(a), dtype), a);
    if (bits + 1 == first_infinity) continue;
    const double b = decode(bits + 1, dtype), middle = a + (b - a) / 2;  // exact in double
    EXPECT_LT(a, b);
    EXPECT_EQ(rounded(End(std::nextafter(middle, 0)), dtype), a);
    EXPECT_EQ(rounded(End(middle), dtype), bits % 2 ? b : a);
    EXPECT_EQ(rounded(End(-middle), dtype), bits % 2 ? -b : -a);
    EXPECT_EQ(rounded(End(std::nextafter(middle, infinity)), dtype), b);
  }
}

TEST_P(SixteenBits, BeyondTheLargestNumberLiesInfinity) {
  const Dtype dtype = GetParam();
  const double largest = decode((dtype == Dtype::f16 ? 0x7c00 : 0x7f80) - 1, dtype);
  const double step = largest - decode((dtype == Dtype::f16 ? 0x7c00 : 0x7f80) - 2, dtype);
  EXPECT_EQ(rounded(End(std::nextafter(largest + step / 2, 0)), dtype), largest);
  EXPECT_EQ(rounded(End(largest + step / 2), dtype), infinity);
  EXPECT_TRUE(std::isinf(decode(encode(infinity, dtype), dtype)));
  EXPECT_TRUE(std::isnan(decode(encode(std::nan(""), dtype), dtype)));
}

INSTANTIATE_TEST_SUITE_P(, SixteenBits, testing::Values(Dtype::f16, Dtype::bf16),
                         [](const auto& p) { return std::string(plumbline::info(p.param).word); });

TEST(Dtype, AnEnclosureThatHoldsAMiddleIsNotDecided) {
  const Interval60 middle = Interval60(1) + Interval60(0x1p-53);
  EXPECT_EQ(rounded(middle, Dtype::f64), 1.0);  // a point: a tie, to even
  EXPECT_EQ(rounded(hull(middle, middle + Interval60("1e-50")), Dtype::f64), std::nullopt);
  EXPECT_EQ(rounded(hull(middle, middle + Interval60("1e-50")), Dtype::f32), 1.0);
}

TEST(Dtype, NoDoubleRounding) {
  // Just above the middle of two bfloat16 neighbours: by way of float32 it would become the middle, and
  // go down.
  const Interval60 x = Interval60(1) + Interval60(0x1p-8) + Interval60(0x1p-60);
  EXPECT_EQ(rounded(x, Dtype::bf16), 1 + 0x1p-7);
  EXPECT_EQ(rounded(Interval60(rounded(x, Dtype::f32).value()), Dtype::bf16), 1.0);
}

}  // namespace
}  // namespace plumbline
