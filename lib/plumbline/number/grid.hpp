// The numbers of a floating-point format as a grid, and rounding to a randomly shifted copy of it.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "plumbline/number/dtype.hpp"

namespace plumbline {

// A bijection of 64 bits that leaves no pattern behind (the finaliser of SplitMix64).
inline std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Uniform on [-1/2, 1/2): the bits become the mantissa of a number on [1, 2).
inline double centred_uniform(std::uint64_t bits) {
  return std::bit_cast<double>(0x3ff0000000000000 | bits >> 12) - 1.5;
}

// 2^16 times the sum of four uniform numbers on [-1/2, 1/2), which has variance 1/3 and is nearly normal.
inline double almost_normal(std::uint64_t bits) {
  const std::uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  return double(std::int64_t(sum)) - 131070.0;
}
inline constexpr double almost_normal_deviation = 65536 * 0.57735026918962576451;  // 2^16 / sqrt(3)

// To the format's own numbers, ties to even, as processors do; or to those of a shifted grid.
enum class Rounding { to_nearest, shifted };

// Rounding of S, double or long double, to the numbers of a floating-point format; all arguments are finite
// unless it says otherwise.
template <class S>
class Grid {
 public:
  // All numbers of that floating-point type.
  explicit Grid(Dtype dtype, Rounding rounding = Rounding::shifted)
      : Grid(dtype, info(dtype).precision, rounding) {}

  // With the exponents of that type, and so many bits of the significand.
  Grid(Dtype dtype, int precision, Rounding rounding = Rounding::shifted)
      : to_nearest_(rounding == Rounding::to_nearest),
        precision_(precision),
        half_ulp_(std::ldexp(1.0, -precision_)),
        smallest_(std::ldexp(S(1), std::max(3 - info(dtype).max_exponent - precision_, smallest_exponent))),
        finest_(dtype == Dtype::f16 ? smallest_ : std::ldexp(smallest_, precision_ - 1)),
        largest_(std::ldexp(S(1) - std::ldexp(S(1), -precision_), info(dtype).max_exponent)),
        smallest_normal_(std::ldexp(smallest_, precision_ - 1)),
        dropped_((std::uint64_t(1) << (53 - precision_)) - 1),
        half_dropped_((dropped_ + 1) / 2) {}

  // Bits of the significand, the leading one included; and what rounding errs by at most.
  int precision() const { return precision_; }
  double half_ulp() const { return half_ulp_; }  // relative, of a number just above 2^e

  // The distance between the format's numbers next to x.
  S unit(S x) const {
    if constexpr (std::is_same_v<S, double>) {
      const std::uint64_t exponent = std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ff;
      const std::uint64_t shift = static_cast<std::uint64_t>(precision_ - 1);
      return std::max(std::bit_cast<double>(exponent > shift ? (exponent - shift) << 52 : 0), smallest_);
    } else {
      int exponent;
      std::frexp(x, &exponent);
      return std::max(std::ldexp(S(1), exponent - precision_), smallest_);
    }
  }

  // Round to nearest on the grid shifted by a hash of the rounded value: variance unit^2 / 12, the same error
  // for the same x. What the format has stays as it is; a tie, as sums of such numbers often are, goes half a
  // unit up or down. Beyond the largest number: infinity; NaN stays NaN. Subnormal numbers may be flushed to
  // 0, and the grid is as coarse as that; but float16 is hardly any use without them. With
  // Rounding::to_nearest the same as nearest(x).
  S rounded(S x, std::uint64_t salt) const { return to_nearest_ ? nearest(x) : shifted(x, salt); }
  // Each of `count` numbers, with the salts salt, salt + step, ...
  void round(S* x, std::ptrdiff_t count, std::uint64_t salt, std::uint64_t step) const;

  // As far off as `rounded`, but by the same for all numbers that round alike: their differences stay.
  S displaced(S x, std::uint64_t salt) const {
    const S q = std::max(unit(x), finest_), r = whole(x * inverse(q)) * q;
    return r == x ? x : x + S(centred_uniform(mixed(bits(r) ^ salt))) * q;
  }

  // As far off as truncation is: by less than a unit, mean square unit^2 / 3, all numbers towards 0, or
  // (side = -1) all away from it. Where rounding is to nearest: towards 0 without any noise.
  S truncated(S x, int side, std::uint64_t salt) const {
    const S q = to_nearest_ ? unit(x) : std::max(unit(x), finest_);
    const S v = x * inverse(q), nearest = whole(v);
    if (v == nearest || !(std::abs(nearest * q) <= largest_)) return this->nearest(x);
    if (to_nearest_)
      return (std::abs(nearest) > std::abs(v) ? nearest - std::copysign(S(1), v) : nearest) * q;
    const S shifted = std::abs(v) + S(centred_uniform(mixed(bits(nearest * q) ^ salt)));
    return x - std::copysign((shifted - std::floor(shifted)) * q, side * x);
  }

  // To nearest, ties to even; infinity beyond the largest number, and for an infinite x.
  S nearest(S x) const {
    const S q = unit(x), y = whole(x * inverse(q)) * q;
    return std::abs(y) <= largest_ ? y : x * std::numeric_limits<S>::infinity();
  }

  // The bits of the format's number that is nearest to x: what an implementation sees of it, as a key for
  // a hash.
  std::uint64_t identity(S x) const {
    if constexpr (std::is_same_v<S, double>)
      if (std::abs(x) >= smallest_normal_)
        return (std::bit_cast<std::uint64_t>(x) + half_dropped_) & ~dropped_;
    const S q = unit(x);
    return bits(whole(x * inverse(q)) * q);
  }

 private:
  // Without a branch, so that loops do many at once.
  S shifted(S x, std::uint64_t salt) const {
    const S q = std::max(unit(x), finest_);
    const S v = x * inverse(q), nearest = whole(v);
    const S shift = centred_uniform(mixed(bits(nearest * q) ^ salt));
    const S of_tie = v + std::copysign(S(0.5), shift), of_others = whole(v + shift) - shift;
    const S moved = (std::abs(v - nearest) == S(0.5) ? of_tie : of_others) * q;
    const S y = v == nearest ? x : moved;
    return std::abs(nearest * q) <= largest_ ? y : x * std::numeric_limits<S>::infinity();
  }

  static constexpr int smallest_exponent = std::is_same_v<S, double> ? -1022 : -16000;

  // 1 / q of a power of two.
  static S inverse(S q) {
    if constexpr (std::is_same_v<S, double>)
      return std::bit_cast<double>(0x7fe0000000000000 - std::bit_cast<std::uint64_t>(q));
    else
      return S(1) / q;
  }
  static S whole(S x) {
    constexpr S shift = std::is_same_v<S, double> ? S(0x1.8p52) : S(0x1.8p63L);
    return (x + shift) - shift;
  }
  static std::uint64_t bits(S x) { return std::bit_cast<std::uint64_t>(static_cast<double>(x)); }

  bool to_nearest_;
  int precision_;
  double half_ulp_;
  S smallest_, finest_, largest_, smallest_normal_;
  std::uint64_t dropped_, half_dropped_;  // the bits of a double that the format has no room for
};

}  // namespace plumbline
