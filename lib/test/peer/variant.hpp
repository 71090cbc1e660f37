// The ways in which correct implementations differ. None of this is shared with the library's own arithmetic:
// an ensemble that is checked against itself flatters itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace plumbline::peer {

enum class Storage { native, bfloat16, float16 };  // native: as computed, float or double
// truncated: one by one in float, and what has no room is dropped.
enum class Order { sequential, reversed, pairwise, eight_lanes, shuffled, in_double, truncated };
// Of the places where a kernel may end; before_gain: a norm's result, and no other.
enum class Stores { all, fused, some, before_gain };

// What products of matrices multiply. tf32_cut: the bits that are too many are left out.
enum class Operands { as_they_are, tf32, tf32_cut, bfloat16 };

struct Variant {
  std::string name = {};
  Storage storage = Storage::native;
  Order order = Order::sequential;
  Stores stores = Stores::all;
  Operands operands = Operands::as_they_are;
  bool welford = false;
  bool online_softmax = false;
  bool output_dot = false;          // softmax backward from sum dO O, as flash attention has it
  bool every_operation = false;     // rounds each operation to the storage type
  bool stored_statistics = false;   // mean and 1/std of a norm in the storage type
  bool rounded_normalized = false;  // a norm's backward pass from the rounded (x - mean) / std
  bool divides_at_end = false;      // o = (sum of stored exponentials times v) / their sum
  bool bias_apart = false;          // x W is stored before b is added
  bool bias_first = false;          // sums begin with b, one by one
  bool uncentred = false;           // LayerNorm backward from sum g x and sum g
  bool double_tables = false;       // cosines and sines computed in double
  bool divides_by_root = false;     // scores / sqrt(h) where others multiply by 1/sqrt(h)
  bool roots_of_scale = false;      // queries and keys each times the root of the scale
  bool recomputes = false;          // softmax backward from exp(s - log sum), s by a fused multiply-add
  bool shares_of_all = false;       // a router's softmax over all experts, over the sum of the chosen
  bool sums_go_on = false;          // what heads add to keys and values, term by term
  std::uint64_t seed = 1;           // of shuffles, and of which stores happen
};

// What is declared as bfloat16-mixed, float16-mixed, or float32 (native).
inline std::vector<Variant> correct_variants(Storage storage) {
  std::vector<Variant> v;
  const auto add = [&](std::string name, auto change) {
    Variant x{.name = std::move(name), .storage = storage};
    change(x);
    v.push_back(x);
  };
  add("eager", [](Variant&) {});
  add("reversed sums", [](Variant& x) { x.order = Order::reversed; });
  add("pairwise sums", [](Variant& x) { x.order = Order::pairwise; });
  add("eight lanes", [](Variant& x) { x.order = Order::eight_lanes; });
  add("shuffled sums", [](Variant& x) { x.order = Order::shuffled; });
  add("shuffled sums, other", [](Variant& x) { x.order = Order::shuffled, x.seed = 7; });
  add("double sums", [](Variant& x) { x.order = Order::in_double; });
  add("Welford", [](Variant& x) { x.welford = true; });
  add("online softmax", [](Variant& x) { x.online_softmax = x.output_dot = true; });
  add("dot of the output", [](Variant& x) { x.output_dot = true, x.order = Order::pairwise; });
  add("probabilities anew", [](Variant& x) {  // as scores are never stored
    x.stores = Stores::fused;
    x.recomputes = x.output_dot = x.sums_go_on = true;
  });
  add("roots of the scale", [](Variant& x) { x.roots_of_scale = true, x.order = Order::eight_lanes; });
  add("tables in double", [](Variant& x) { x.double_tables = x.divides_by_root = true; });
  add("bias apart", [](Variant& x) { x.bias_apart = true; });
  if (storage != Storage::native) {
    add("fused", [](Variant& x) { x.stores = Stores::fused; });
    add("fused, flash", [](Variant& x) {
      x.stores = Stores::fused;
      x.online_softmax = x.output_dot = true;
      x.order = Order::eight_lanes;
    });
    add("rounded before the gain", [](Variant& x) { x.stores = Stores::before_gain; });
    add("divided at the end", [](Variant& x) { x.divides_at_end = x.output_dot = true; });
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
      add("some stores " + std::to_string(seed), [&](Variant& x) { x.stores = Stores::some, x.seed = seed; });
  }
  return v;
}

inline float to_bfloat16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits += 0x7fff + (bits >> 16 & 1);
  bits &= 0xffff0000;
  std::memcpy(&x, &bits, 4);
  return x;
}

inline float towards_zero(double x) {
  const float y = float(x);
  return std::fabs(double(y)) > std::fabs(x) ? std::nextafter(y, 0.0f) : y;
}

inline float to_tf32(float x, bool cut) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (!cut) bits += 0xfff + (bits >> 13 & 1);
  bits &= 0xffffe000;
  std::memcpy(&x, &bits, 4);
  return x;
}

inline float to_float16(float x) {
  if (!std::isfinite(x)) return x;
  if (std::fabs(x) < 0x1p-14f) return std::nearbyint(x * 0x1p24f) * 0x1p-24f;
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits += 0xfff + (bits >> 13 & 1);
  bits &= 0xffffe000;
  std::memcpy(&x, &bits, 4);
  return std::fabs(x) > 65504 ? std::copysign(INFINITY, x) : x;
}

}  // namespace plumbline::peer
