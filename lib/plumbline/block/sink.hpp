// Attention sinks: beside the scores of its keys, each query of a head sees one number more, which the head
// has learned and which no value belongs to. So weights sum to less than 1, and a head can look at nothing.
// Source: arXiv 2508.10925 (gpt-oss), 2309.17453.
#pragma once

#include "plumbline/block/knob.hpp"
#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// What goes wrong with sinks: all heads have that of the first; they are scaled as scores are.
enum class SinkFault { none, first_head, scaled };
PLUMBLINE_NAMES(SinkFault, {none, "none"}, {first_head, "first_head"}, {scaled, "scaled"})

// Sinks as data.
struct SinkSpec {
  bool present = false;
  SinkFault fault = SinkFault::none;
  bool operator==(const SinkSpec&) const = default;
};

template <>
inline constexpr auto knobs<SinkSpec> = std::tuple{
    knob("sink", &SinkSpec::present, "each softmax sees a learned number of its head, too").where_changed(),
    knob("sink_fault", &SinkSpec::fault, "whose number, or how large")
        .where_wrong()
        .only_of([](const SinkSpec& s) { return s.present; })};

template <>
inline constexpr WrongChoice<SinkSpec> wrong_choices<SinkSpec>[] = {
    {"sink/missing", "weights sum to 1", "", [](SinkSpec& s) { s = {}; }},
};

// Scores beside the sink of their head.
//   shapes: [queries, keys], sink [1, n_heads] -> [queries, keys + 1]
//   bad input: throws Error where p holds no "sink"
template <Algebra A>
Tensor<A> with_sink(A& a, const SinkSpec& s, int head, Exact scale, const ParameterView<A>& p,
                    const Tensor<A>& scores) {
  Tensor<A> sink = a.take_cols(p.at("sink"), s.fault == SinkFault::first_head ? 0 : head, 1);
  if (s.fault == SinkFault::scaled) sink = a.scale(sink, scale);
  return a.concat_cols({scores, a.add_row(a.zeros(a.rows(scores), 1), sink)});
}

// Their parameter.
inline void add_sink_shapes(ParameterShapes& out, const std::string& prefix, const SinkSpec& s, int n_heads) {
  if (s.present) out.push_back({prefix + "sink", 1, n_heads, Role::sink, Module::sink});
}

}  // namespace plumbline
