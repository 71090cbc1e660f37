#include "plumbline/number/dtype.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace plumbline {
namespace {

constexpr DtypeInfo table[] = {
    {Dtype::f64, "F64", "float64", 8, 53, 1024},  {Dtype::f32, "F32", "float32", 4, 24, 128},
    {Dtype::bf16, "BF16", "bfloat16", 2, 8, 128}, {Dtype::f16, "F16", "float16", 2, 11, 16},
    {Dtype::i64, "I64", "int64", 8, 0, 0},        {Dtype::boolean, "BOOL", "bool", 1, 0, 0},
};

// A 16-bit float of 5 exponent bits; a double that the format has is taken apart without rounding.
std::uint64_t half_bits(double value) {
  const std::uint64_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (std::isinf(value)) return sign | 0x7c00;
  if (size < 0x1p-14) return sign | static_cast<std::uint64_t>(size * 0x1p24);
  int exponent;
  const double fraction = std::frexp(size, &exponent);  // on [1/2, 1)
  return sign | static_cast<std::uint64_t>(exponent + 14) << 10 |
         (static_cast<std::uint64_t>(fraction * 0x1p11) & 0x3ff);
}

double half_value(std::uint64_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> 10 & 0x1f);
  const double fraction = static_cast<double>(bits & 0x3ff);
  if (exponent == 0x1f)
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25));
}

// The lowest byte comes first, in memory as in files.
static_assert(std::endian::native == std::endian::little);

// body(Bits{}), where Bits is as wide as the type.
template <class Body>
void with_bits_of(Dtype dtype, Body body) {
  switch (info(dtype).bytes) {
    case 8: return body(std::uint64_t());
    case 4: return body(std::uint32_t());
    case 2: return body(std::uint16_t());
    default: return body(std::uint8_t());
  }
}

}  // namespace

std::span<const DtypeInfo> dtypes() { return table; }
const DtypeInfo& info(Dtype dtype) { return table[static_cast<int>(dtype)]; }

std::uint64_t encode(double value, Dtype dtype) {
  switch (dtype) {
    case Dtype::f64: return std::bit_cast<std::uint64_t>(value);
    case Dtype::f32: return std::bit_cast<std::uint32_t>(static_cast<float>(value));
    case Dtype::bf16: return std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16;
    case Dtype::f16: return half_bits(value);
    case Dtype::i64: return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    case Dtype::boolean: return value != 0;
  }
  return 0;
}

double decode(std::uint64_t bits, Dtype dtype) {
  switch (dtype) {
    case Dtype::f64: return std::bit_cast<double>(bits);
    case Dtype::f32: return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    case Dtype::bf16: return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    case Dtype::f16: return half_value(bits);
    case Dtype::i64: return static_cast<double>(static_cast<std::int64_t>(bits));
    case Dtype::boolean: return bits != 0;
  }
  return 0;
}

void encode(const double* values, std::int64_t count, Dtype dtype, char* bytes) {
  with_bits_of(dtype, [=](auto bits) {
    for (std::int64_t i = 0; i < count; ++i) {
      bits = static_cast<decltype(bits)>(encode(values[i], dtype));
      std::memcpy(bytes + i * std::int64_t(sizeof bits), &bits, sizeof bits);
    }
  });
}

void decode(const char* bytes, std::int64_t count, Dtype dtype, double* values) {
  with_bits_of(dtype, [=](auto bits) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(&bits, bytes + i * std::int64_t(sizeof bits), sizeof bits);
      values[i] = decode(bits, dtype);
    }
  });
}

}  // namespace plumbline
