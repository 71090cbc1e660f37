// ALiBi: a score falls off with the distance of its key, in each head by a slope of its own: s + m_h (j - i).
// Of n heads, n a power of two, m_h = 2^(-max_bias (h + 1) / n); of other numbers n, with p the largest power
// of two below n, the first p heads have the slopes of p heads, and the others every second slope of 2 p
// heads. Source: arXiv 2108.12409.
#pragma once

#include <bit>
#include <cstdlib>

#include "plumbline/block/knob.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// Of numbers of heads that are no power of two: the published slopes, or one formula for all.
enum class AlibiSlopes { powers, evenly };
PLUMBLINE_NAMES(AlibiSlopes, {powers, "powers"}, {evenly, "evenly"})

// ALiBi as data.
struct AlibiSpec {
  int max_bias = 8;
  AlibiSlopes slopes = AlibiSlopes::powers;
  int sign = 1;
  bool operator==(const AlibiSpec&) const = default;
};

template <>
inline constexpr auto knobs<AlibiSpec> = std::tuple{
    knob("max_bias", &AlibiSpec::max_bias, "the least slope is 2^-max_bias").within(size_range),
    knob("slopes", &AlibiSpec::slopes, "evenly: 2^(-max_bias (h + 1) / n) for every n").where_wrong(),
    knob("sign", &AlibiSpec::sign, "-1: scores grow with the distance").where_wrong()};

template <>
inline constexpr WrongChoice<AlibiSpec> wrong_choices<AlibiSpec>[] = {
    {"alibi/sign", "scores grow with the distance of the key", "meta-pytorch/attention-gym#86",
     [](AlibiSpec& s) { s.sign = -1; }},
    {"alibi/slopes-evenly", "slopes 2^(-8 (h + 1) / n) where n is no power of two", "",
     [](AlibiSpec& s) { s.slopes = AlibiSlopes::evenly; }},
};

// m_h, as a power of 2^(-max_bias / n): code that raises a rounded base to a power repeats its error.
inline Exact alibi_slope(const AlibiSpec& s, int head, int n_heads) {
  const int powers = static_cast<int>(std::bit_floor(static_cast<unsigned>(n_heads)));
  if (s.slopes == AlibiSlopes::evenly || powers == n_heads)
    return {.power = -double(s.max_bias) / n_heads, .times = head + 1};
  if (head < powers) return {.power = -double(s.max_bias) / powers, .times = head + 1};
  return {.power = -double(s.max_bias) / (2 * powers), .times = 2 * (head - powers) + 1};
}

// What is added to the scores of a head.
//   shapes: [queries, keys]; query 0 stands at key `first`
template <Algebra A>
Tensor<A> alibi(A& a, const AlibiSpec& s, int head, int n_heads, int queries, int keys, int first) {
  const Tensor<A> nearness =
      a.whole_numbers(queries, keys, [&](int i, int j) { return -s.sign * std::abs(first + i - j); });
  return a.scale(nearness, alibi_slope(s, head, n_heads));
}

}  // namespace plumbline
