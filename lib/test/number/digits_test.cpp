#include "plumbline/number/digits.hpp"

#include <gtest/gtest.h>

namespace plumbline {
namespace {

Interval120 ratio(int p, int q) { return Interval120(p) / Interval120(q); }

TEST(Digits, AsManyAsWereAskedForWhereTheyAreProved) {
  EXPECT_EQ(certified_digits(ratio(2, 3), 40), "6.666666666666666666666666666666666666667e-01");
  EXPECT_EQ(certified_digits(ratio(-5, 4), 5), "-1.2500e+00");
}

TEST(Digits, OnlyAsFarAsBothEndsAgree) {
  EXPECT_EQ(certified_digits(hull(ratio(123456, 1), ratio(123467, 1)), 40), "1.235e+05");
  EXPECT_EQ(certified_digits(hull(Interval120(1), Interval120(9)), 40), "no digit proved");
}

TEST(Digits, WhatMayBeZeroSaysHowLargeItCanBe) {
  EXPECT_EQ(certified_digits(Interval120(0), 40), "0");
  EXPECT_EQ(certified_digits(hull(ratio(-1, 8), ratio(1, 1001)), 40), "0 +- 1.3e-01");
}

}  // namespace
}  // namespace plumbline
