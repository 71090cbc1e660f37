// T5's relative positions: what is added to a score stands in a table, [count, n_heads], in the row of the
// bucket that the distance d = j - i of key j from query i belongs to.
//   Where the mask shows keys on both sides, n = count / 2 buckets are for d <= 0 and as many, behind them,
//   for d > 0; r = |d|. Where it shows the past alone, n = count and r = max(-d, 0). With m = n / 2, bucket r
//   for r < m, else m + floor((n - m) ln(r / m) / ln(max_distance / m)), at most n - 1.
// Source: arXiv 1910.10683; transformers, modeling_t5.py.
#pragma once

#include <vector>

#include "plumbline/block/knob.hpp"
#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// On which sides of the query keys have buckets: on those where the mask shows any, or not so.
enum class BucketSides { of_mask, other };
PLUMBLINE_NAMES(BucketSides, {of_mask, "of_mask"}, {other, "other"})

// Relative positions as data.
struct BucketsSpec {
  int count = 32, max_distance = 128;
  int sign = 1;
  BucketSides sides = BucketSides::of_mask;
  bool operator==(const BucketsSpec&) const = default;
};

template <>
inline constexpr auto knobs<BucketsSpec> = std::tuple{
    knob("count", &BucketsSpec::count, "how many there are, an even number").within({4, 4096}),
    knob("max_distance", &BucketsSpec::max_distance, "from there on, distances share the last one")
        .within(size_range),
    knob("sign", &BucketsSpec::sign, "-1: of i - j where that of j - i is right").where_wrong(),
    knob("sides", &BucketsSpec::sides, "other: of the past alone where both sides are right, or the reverse")
        .where_wrong()};

template <>
inline constexpr WrongChoice<BucketsSpec> wrong_choices<BucketsSpec>[] = {
    {"buckets/one-sided", "buckets of the past alone where those of both sides are right, or the reverse", "",
     [](BucketsSpec& s) { s.sides = BucketSides::other; }},
    {"buckets/sign", "the bucket of i - j where that of j - i is right", "",
     [](BucketsSpec& s) { s.sign = -1; }},
};

// The bucket of a distance j - i.
//   domain: count even and at least 4, max_distance above count / 2
//   error: none: whole numbers are compared with powers of whole numbers
int bucket(const BucketsSpec& s, int distance, bool of_both_sides);

// What is added to the scores of a head; its table stands under p.
//   shapes: [queries, keys]; query 0 stands at key `first`
//   bad input: throws Error where p holds no "relative_bias.weight"
template <Algebra A>
Tensor<A> relative_bias(A& a, const BucketsSpec& s, int head, const ParameterView<A>& p, int queries,
                        int keys, int first, bool mask_shows_both_sides) {
  const bool both = mask_shows_both_sides == (s.sides == BucketSides::of_mask);
  const Tensor<A> of_head = a.take_cols(p.at("relative_bias.weight"), head, 1);
  std::vector<Tensor<A>> by_distance, rows;  // from the first key of the last query to the last of the first
  for (int d = 1 - queries - first; d < keys - first; ++d)
    by_distance.push_back(a.take_rows(of_head, bucket(s, s.sign * d, both), 1));
  const Tensor<A> line = a.concat_cols(by_distance);
  for (int i = 0; i < queries; ++i) rows.push_back(a.take_cols(line, queries - 1 - i, keys));
  return a.concat_rows(rows);
}

// Their parameter.
inline void add_bucket_shapes(ParameterShapes& out, const std::string& prefix, const BucketsSpec& s,
                              int n_heads) {
  out.push_back({prefix + "relative_bias.weight", s.count, n_heads, Role::weight, Module::relative_bias});
}

}  // namespace plumbline
