// The number formats of stored tensors, and their bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace plumbline {

// IEEE 754 binary64, binary32 and binary16, bfloat16, and two types that are no floating-point format.
enum class Dtype { f64, f32, bf16, f16, i64, boolean };

// What is known of one of them.
struct DtypeInfo {
  Dtype dtype;
  std::string_view name;  // as safetensors spells it: F64, F32, BF16, F16, I64, BOOL
  std::string_view word;  // as people do: float64, float32, bfloat16, float16, int64, bool
  int bytes;
  int precision;     // bits of the significand; 0 for what is no floating-point format
  int max_exponent;  // the largest finite number is below 2^max_exponent
};

// All of them, in the order of the enumeration; and one of them.
std::span<const DtypeInfo> dtypes();
const DtypeInfo& info(Dtype dtype);

// The bits of a number of that format; and the number of such bits. encode expects a value that the format
// has, NaN and infinities too, and does not check it; what it makes of others is left open. decode rounds an
// int64 beyond 2^53 to nearest.
std::uint64_t encode(double value, Dtype dtype);
double decode(std::uint64_t bits, Dtype dtype);

// The same of `count` numbers that lie one after another in memory, each with its lowest byte first.
void encode(const double* values, std::int64_t count, Dtype dtype, char* bytes);
void decode(const char* bytes, std::int64_t count, Dtype dtype, double* values);

}  // namespace plumbline
