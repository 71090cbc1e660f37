// What a kind of number must supply to be computed with: the functions beyond arithmetic. The kinds
// themselves are in scalars.hpp, whose headers are heavy.
#pragma once

#include <type_traits>
#include <utility>

#include "plumbline/algebra/exact.hpp"
#include "plumbline/spec/block_spec.hpp"

namespace plumbline {

template <class S>
inline constexpr bool is_interval = false;

template <class S>
inline constexpr bool is_native = std::is_floating_point_v<S>;

// f and its derivatives; for intervals, enclosures of the range. Source of the formulas: scalars_impl.hpp.
template <class S>
struct Function {
  static S value(const Exact& c);  // factor / sqrt(radicand)
  static S ratio(long p, long q);  // p / q
  static S exp(const S& x);
  static S tanh(const S& x);
  static S rsqrt(const S& x);
  static S maximum(const S& x, const S& c);
  static S above(const S& x, const S& c);  // 1 where x > c, else 0; [0,1] where an interval cannot tell
  static S activation(Activation f, int derivative, const S& x);
  // cos and sin of the angle position * base^(-2 pair / dim).
  static std::pair<S, S> turn(int position, int pair, int dim, double base);
};

}  // namespace plumbline
