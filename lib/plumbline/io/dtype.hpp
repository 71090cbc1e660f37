// The number formats of stored tensors: their bits, and correct rounding of an enclosure to them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "plumbline/algebra/interval.hpp"

namespace plumbline {

enum class Dtype { f64, f32, bf16, f16, i64, boolean };

struct DtypeInfo {
  Dtype dtype;
  std::string_view name;  // as safetensors spells it: F64, F32, BF16, F16, I64, BOOL
  std::string_view word;  // as people do: float64, float32, bfloat16, float16, int64, bool
  int bytes;
  int precision;     // bits of the significand; 0 for what is no floating-point format
  int max_exponent;  // the largest finite number is below 2^max_exponent
};

// All of them.
std::span<const DtypeInfo> dtypes();
const DtypeInfo& info(Dtype dtype);

// x rounded to nearest, ties to even, in one rounding: subnormal numbers and overflow to infinity as IEEE 754
// has them. The result is a number of that floating-point format, hence exact in double; 0 has the sign +.
double rounded(const End& x, Dtype dtype);

// The one number of the format to which every point of x rounds; none where the two ends differ.
template <class I>
std::optional<double> rounded(const I& x, Dtype dtype) {
  const double low = rounded(plumbline::lower(x), dtype), high = rounded(plumbline::upper(x), dtype);
  return low == high ? std::optional<double>(low) : std::nullopt;
}

// One unit in the last place of x (not 0) in a format of that precision whose smallest positive number is
// 2^least: 2^ulp_exponent.
long ulp_exponent(const End& x, int precision, long least);

// The bits of a number of that format, and the number of bits. encode expects a value that the format has
// (NaN and infinities too).
std::uint64_t encode(double value, Dtype dtype);
double decode(std::uint64_t bits, Dtype dtype);

}  // namespace plumbline
