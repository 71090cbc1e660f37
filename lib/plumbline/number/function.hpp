// What a kind of number must supply to be computed with: the functions beyond arithmetic. The kinds
// themselves are in scalars.hpp, whose headers are heavy.
#pragma once

#include <type_traits>
#include <utility>

#include "plumbline/number/activation.hpp"
#include "plumbline/number/exact.hpp"
#include "plumbline/number/rope_scaling.hpp"

namespace plumbline {

template <class S>
inline constexpr bool is_interval = false;

template <class S>
inline constexpr bool is_native = std::is_floating_point_v<S>;

// Functions of one number, in the arithmetic of S.
//   domain: rsqrt x > 0, quotients with a divisor that is not 0, activations all x and derivative = 0, 1, 2,
//     yarn with a base above 1
//   error: enclosures hold the range; other numbers are rounded, by MPFR or the C library, in every step
//   bad input: outside of the domain enclosures are marked (enclosure.hpp), other numbers are NaN or
//     infinite; yarn throws Error where an enclosure cannot tell a whole number of pairs
//   source: of the formulas, scalars_impl.hpp
template <class S>
struct Function {
  static S value(const Exact& c);  // factor / sqrt(radicand)
  static S ratio(long p, long q);  // p / q
  // exp x, tanh x, 1 / sqrt x; the larger of x and c.
  static S exp(const S& x);
  static S tanh(const S& x);
  static S rsqrt(const S& x);
  static S maximum(const S& x, const S& c);
  static S above(const S& x, const S& c);  // 1 where x > c, else 0; [0,1] where an interval cannot tell
  // QuickGELU is x sigma(k x); GELU's tanh form x sigma(c (x + a x^3)), c = 2 sqrt(2/pi), and for BLOOM twice
  // another number.
  static S quick_gelu_k() { return ratio(1702, 1000); }
  static S bloom_gelu_c() { return ratio(79788456, 100000000); }
  static S tanh_gelu_c(Activation f);
  static S tanh_gelu_a() { return ratio(44715, 1000000); }
  // f, f' or f'' at x; the second derivative of relu is 0, and its first as `above`.
  static S activation(Activation f, int derivative, const S& x);
  // base^(-2 pair / dim); what it is scaled to in a sequence of `tokens` (rope_scaling.hpp); u of dynamic;
  // and what cos and sin are multiplied by.
  static S frequency(int pair, int dim, double base);
  static S scaled(const RopeScaling& scaling, const S& frequency, int pair, int dim, double base, int tokens);
  static S stretch(const RopeScaling& scaling, int tokens);
  static S amplitude(const RopeScaling& scaling);
  // cos and sin of the angle position * frequency.
  static std::pair<S, S> turn(int position, const S& frequency);
};

}  // namespace plumbline
