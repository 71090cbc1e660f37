// How attention knows positions: by turning queries and keys, or by what is added to scores.
#pragma once

#include "plumbline/block/alibi.hpp"
#include "plumbline/block/buckets.hpp"
#include "plumbline/block/rope.hpp"

namespace plumbline {

// Positions as data.
struct PositionSpec {
  std::optional<RopeSpec> rope;
  std::optional<AlibiSpec> bias;
  std::optional<BucketsSpec> buckets = {};
  bool operator==(const PositionSpec&) const = default;
};

template <>
inline constexpr auto knobs<PositionSpec> = std::tuple{
    knob("rope", &PositionSpec::rope, "the rotary embedding of queries and keys"),
    knob("bias", &PositionSpec::bias, "ALiBi: what is added to scores"),
    knob("buckets", &PositionSpec::buckets, "T5: what is added to scores stands in a table").where_changed()};

template <>
inline constexpr WrongChoice<PositionSpec> wrong_choices<PositionSpec>[] = {
    {"alibi/missing", "scores without their bias", "", [](PositionSpec& p) { p.bias.reset(); }},
    {"buckets/missing", "scores without what their buckets add", "",
     [](PositionSpec& p) { p.buckets.reset(); }},
    {"rope/missing", "no positions", "", [](PositionSpec& p) { p.rope.reset(); }},
};

// What positions add to the scores [queries, keys] of a head, if anything. Query 0 stands at key `first`.
template <Algebra A>
std::optional<Tensor<A>> position_bias(A& a, const PositionSpec& s, int head, int n_heads,
                                       const ParameterView<A>& p, int queries, int keys, int first,
                                       bool mask_shows_both_sides) {
  std::optional<Tensor<A>> bias;
  if (s.bias) bias = alibi(a, *s.bias, head, n_heads, queries, keys, first);
  if (s.buckets) {
    const Tensor<A> learned =
        relative_bias(a, *s.buckets, head, p, queries, keys, first, mask_shows_both_sides);
    bias = bias ? a.add(*bias, learned) : learned;
  }
  if (bias) bias = a.store(*bias, p.place(Site::position_bias));
  return bias;
}

}  // namespace plumbline
