// Attention sinks: beside the scores of its keys, each query of a head sees one number more, which the head
// has learned and which no value belongs to. So weights sum to less than 1, and a head can look at nothing.
// Source: arXiv 2508.10925 (gpt-oss), 2309.17453.
#pragma once

#include "plumbline/block/knob.hpp"
#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// What goes wrong with sinks: all heads have that of the first; each query of a head has that of another
// head, by the number of its row among the rows of all heads; they are scaled as scores are.
enum class SinkFault { none, first_head, by_row, scaled };
PLUMBLINE_NAMES(SinkFault, {none, "none"}, {first_head, "first_head"}, {by_row, "by_row"}, {scaled, "scaled"})

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

// What each query of a head sees: the sink of the head that its fault says.
//   shapes: sink [1, n_heads] -> [queries, 1]
template <Algebra A>
Tensor<A> sinks_of_queries(A& a, SinkFault fault, int head, int queries, const Tensor<A>& sink) {
  const int n_heads = a.cols(sink);
  if (fault == SinkFault::by_row) {
    const auto row_has = [=](int i, int j) { return (head * queries + i) % n_heads == j ? 1 : 0; };
    return a.matmul(a.whole_numbers(queries, n_heads, row_has), a.transpose(sink));
  }
  return a.add_row(a.zeros(queries, 1), a.take_cols(sink, fault == SinkFault::first_head ? 0 : head, 1));
}

// Scores beside the sink of their head.
//   shapes: [queries, keys], sink [1, n_heads] -> [queries, keys + 1]
//   bad input: throws Error where p holds no "sink"
template <Algebra A>
Tensor<A> with_sink(A& a, const SinkSpec& s, int head, Exact scale, const ParameterView<A>& p,
                    const Tensor<A>& scores) {
  Tensor<A> sink = sinks_of_queries(a, s.fault, head, a.rows(scores), p.at("sink"));
  if (s.fault == SinkFault::scaled) sink = a.scale(sink, scale);
  return a.concat_cols({scores, sink});
}

// Their parameter.
inline void add_sink_shapes(ParameterShapes& out, const std::string& prefix, const SinkSpec& s, int n_heads) {
  if (s.present) out.push_back({prefix + "sink", 1, n_heads, Role::sink, Module::sink});
}

}  // namespace plumbline
