// How attention knows positions: by turning queries and keys, or by what is added to scores.
#pragma once

#include "plumbline/block/alibi.hpp"
#include "plumbline/block/rope.hpp"

namespace plumbline {

// Positions as data.
struct PositionSpec {
  std::optional<RopeSpec> rope;
  std::optional<AlibiSpec> bias;
  bool operator==(const PositionSpec&) const = default;
};

template <>
inline constexpr auto knobs<PositionSpec> =
    std::tuple{knob("rope", &PositionSpec::rope, "the rotary embedding of queries and keys"),
               knob("bias", &PositionSpec::bias, "ALiBi: what is added to scores")};

template <>
inline constexpr WrongChoice<PositionSpec> wrong_choices<PositionSpec>[] = {
    {"alibi/missing", "scores without their bias", "", [](PositionSpec& p) { p.bias.reset(); }},
    {"rope/missing", "no positions", "", [](PositionSpec& p) { p.rope.reset(); }},
};

// What positions add to the scores [queries, keys] of a head, if anything. Query 0 stands at key `first`.
template <Algebra A>
std::optional<Tensor<A>> position_bias(A& a, const PositionSpec& s, int head, int n_heads,
                                       const ParameterView<A>& p, int queries, int keys, int first) {
  if (!s.bias) return std::nullopt;
  return a.store(alibi(a, *s.bias, head, n_heads, queries, keys, first), p.place(Site::position_bias));
}

}  // namespace plumbline
