// The rotary position embedding: pairs of channels of queries and keys turn by an angle in proportion to the
// position, so that scores depend on the distance alone. What they turn by is scaled for longer sequences
// (number/rope_scaling.hpp). As a part of its own it can be given cosines and sines, whatever numbers these
// are: pair j of token t becomes (a c - b s, a s + b c), c and s row t of the tables, column j.
// Sources: arXiv 2104.09864; of given tables, ONNX, operator RotaryEmbedding.
#pragma once

#include <optional>

#include "plumbline/algebra/rotation.hpp"
#include "plumbline/block/derivative_of.hpp"
#include "plumbline/block/knob.hpp"
#include "plumbline/block/part.hpp"

namespace plumbline {

// Which kind it is; whether sequences of the original length are others than longer ones.
inline bool is_llama3(const RopeScaling& s) { return s.kind == RopeScalingKind::llama3; }
inline bool is_yarn(const RopeScaling& s) { return s.kind == RopeScalingKind::yarn; }
inline bool is_longrope(const RopeScaling& s) { return s.kind == RopeScalingKind::longrope; }
inline bool knows_original(const RopeScaling& s) { return s.kind != RopeScalingKind::linear; }

template <>
inline constexpr auto knobs<RopeScaling> = std::tuple{
    knob("kind", &RopeScaling::kind,
         "linear: all frequencies / factor; llama3, yarn: the low ones; longrope: each by a number of its "
         "own; dynamic: the base grows with sequences beyond the original length"),
    knob("factor", &RopeScaling::factor, "how much longer sequences are").within(positive),
    knob("original_max_position", &RopeScaling::original_max_position, "how long they were at first")
        .within(size_range)
        .only_of(knows_original),
    knob("low_freq_factor", &RopeScaling::low_freq_factor,
         "pairs that turn less often in the original length are divided by factor")
        .within(positive)
        .only_of(is_llama3),
    knob("high_freq_factor", &RopeScaling::high_freq_factor, "those that turn more often stay as they are")
        .within(positive)
        .only_of(is_llama3),
    knob("beta_fast", &RopeScaling::beta_fast, "pairs that turn more often stay as they are")
        .within(positive)
        .only_of(is_yarn),
    knob("beta_slow", &RopeScaling::beta_slow, "those that turn less often are divided by factor")
        .within(positive)
        .only_of(is_yarn),
    knob("truncate", &RopeScaling::truncate, "whole pairs stand between beta_fast and beta_slow")
        .only_of(is_yarn),
    knob("attention_factor", &RopeScaling::attention_factor,
         "what cosines and sines are multiplied by; null: of yarn 1 + ln(factor)/10, of longrope "
         "sqrt(1 + ln(factor)/ln(original_max_position))")
        .within(positive)
        .only_of(has_amplitude),
    knob("short_factor", &RopeScaling::short_factor,
         "what frequencies are divided by up to the original length, pair by pair; further pairs by the last "
         "number")
        .within(positive)
        .only_of(is_longrope),
    knob("long_factor", &RopeScaling::long_factor, "the same beyond it")
        .within(positive)
        .only_of(is_longrope),
    knob("smooth", &RopeScaling::smooth, "false: pairs in between stay as they are")
        .where_wrong()
        .only_of(is_llama3),
    knob("length", &RopeScaling::length, "the length of a sequence that frequencies are chosen by")
        .where_wrong()
        .only_of(reads_length)};

template <>
inline constexpr WrongChoice<RopeScaling> wrong_choices<RopeScaling>[] = {
    {"rope/length-longest", "frequencies of the longest sequences in all", "",
     [](RopeScaling& s) {
       if (reads_length(s)) s.length = ScaledLength::longest;
     }},
    {"rope/length-original", "frequencies of the original length in all sequences", "",
     [](RopeScaling& s) {
       if (reads_length(s)) s.length = ScaledLength::original;
     }},
    {"rope/longrope-factor-missing", "cosines and sines as they are", "",
     [](RopeScaling& s) {
       if (s.kind == RopeScalingKind::longrope) s.attention_factor = 1;
     }},
    {"rope/scaling-by-steps", "llama3 without the smooth middle", "",
     [](RopeScaling& s) { s.smooth = s.kind != RopeScalingKind::llama3; }},
    {"rope/yarn-factor-missing", "cosines and sines as they are", "",
     [](RopeScaling& s) {
       if (s.kind == RopeScalingKind::yarn) s.attention_factor = 1;
     }},
};

// Where cosines and sines come from: the base and positions, or inputs "cos" and "sin".
enum class RopeTables { computed, given };
PLUMBLINE_NAMES(RopeTables, {computed, "computed"}, {given, "given"})
// What goes wrong where they are given: each stands for the other; entries are repeated for the channels of
// pairs in the other style; all sequences have the rows of the first.
enum class TableFault { none, swapped, other_style, first_sequence };
PLUMBLINE_NAMES(TableFault, {none, "none"}, {swapped, "swapped"}, {other_style, "other_style"},
                {first_sequence, "first_sequence"})

// The rotary embedding as data.
struct RopeSpec {
  RopeStyle style = RopeStyle::half;
  int rotary_dim = -1;  // JSON that says nothing means head_dim
  double base = 10000;
  int sign = 1;
  std::optional<RopeScaling> scaling = {};
  RopeTables tables = RopeTables::computed;
  TableFault table_fault = TableFault::none;
  int direction = 1;
  int key_offset = 0;
  bool rotates_values = false;
  bool exponent_of_head_dim = false;
  bool operator==(const RopeSpec&) const = default;
};

namespace detail {
inline bool reads_tables(const RopeSpec& r) { return r.tables == RopeTables::given; }
}  // namespace detail

template <>
inline constexpr auto knobs<RopeSpec> = std::tuple{
    knob("style", &RopeSpec::style, "which channels make a pair: j and j + rotary_dim/2, or 2j and 2j + 1"),
    knob("rotary_dim", &RopeSpec::rotary_dim, "how many channels of a head turn; the others stay"),
    knob("base", &RopeSpec::base, "pair j turns by position base^(-2j/rotary_dim)").within(positive),
    knob("sign", &RopeSpec::sign, "-1: queries and keys turn the other way").where_changed(),
    knob("scaling", &RopeSpec::scaling, "frequencies for longer sequences").where_changed(),
    knob("tables", &RopeSpec::tables, "of part rope: where cosines and sines come from").where_changed(),
    knob("table_fault", &RopeSpec::table_fault, "what goes wrong with tables that are given")
        .where_wrong()
        .only_of(detail::reads_tables),
    knob("direction", &RopeSpec::direction, "-1: keys turn backwards").where_wrong(),
    knob("key_offset", &RopeSpec::key_offset, "keys stand this many positions too late")
        .within(shift_range)
        .where_wrong(),
    knob("rotates_values", &RopeSpec::rotates_values, "values turn too").where_wrong(),
    knob("exponent_of_head_dim", &RopeSpec::exponent_of_head_dim,
         "base^(-2j/head_dim) where base^(-2j/rotary_dim) is right")
        .where_wrong()};

template <>
inline constexpr WrongChoice<RopeSpec> wrong_choices<RopeSpec>[] = {
    {"rope/backwards", "keys turn the wrong way", "", [](RopeSpec& r) { r.direction = -1; }},
    {"rope/base", "base 500000 where 10000 is right, or the reverse", "",
     [](RopeSpec& r) { r.base = r.base == 10000 ? 500000 : 10000; }},
    {"rope/exponent-of-head-dim", "base^(-2j/head_dim) where base^(-2j/rotary_dim) is right", "",
     [](RopeSpec& r) { r.exponent_of_head_dim = true; }},
    {"rope/key-offset", "keys stand one position too late", "", [](RopeSpec& r) { r.key_offset = 1; }},
    {"rope/scaling-missing", "frequencies as they are", "", [](RopeSpec& r) { r.scaling.reset(); }},
    {"rope/sign", "queries and keys turn the other way", "", [](RopeSpec& r) { r.sign = -r.sign; }},
    {"rope/style", "half where interleaved is right, or the reverse", "pytorch/torchtitan#335",
     [](RopeSpec& r) { r.style = r.style == RopeStyle::half ? RopeStyle::interleaved : RopeStyle::half; }},
    {"rope/tables-in-other-style", "entries of tables are repeated for channels as the other style has pairs",
     "", [](RopeSpec& r) { r.table_fault = TableFault::other_style; }},
    {"rope/tables-of-first-sequence", "all sequences have the first one's rows of the tables", "",
     [](RopeSpec& r) { r.table_fault = TableFault::first_sequence; }},
    {"rope/tables-swapped", "sines for cosines", "",
     [](RopeSpec& r) { r.table_fault = TableFault::swapped; }},
    {"rope/values", "values are rotated too", "", [](RopeSpec& r) { r.rotates_values = true; }},
};

// How queries turn, or keys.
//   domain: head_dim is read only by the wrong exponent
inline Rotation rotation(const RopeSpec& r, int head_dim, bool of_keys) {
  return {.style = r.style,
          .rotary_dim = r.rotary_dim,
          .exponent_dim = r.exponent_of_head_dim ? head_dim : r.rotary_dim,
          .base = r.base,
          .first_position = of_keys ? r.key_offset : 0,
          .sign = of_keys ? r.sign * r.direction : r.sign,
          .scaling = r.scaling};
}

namespace detail {

// The table's entries for one of the two channels of each pair, [T, pairs].
template <Algebra A, class Channel>
Tensor<A> entries(A& a, const RopeSpec& r, const Tensor<A>& table, Channel channel) {
  if (r.table_fault != TableFault::other_style) return table;
  const int pairs = r.rotary_dim / 2;
  std::vector<Tensor<A>> out;
  for (int j = 0; j < pairs; ++j)
    out.push_back(a.take_cols(table, r.style == RopeStyle::half ? channel(j) / 2 : channel(j) % pairs, 1));
  return a.concat_cols(out);
}

// One head turned by rows of tables, which are those of its tokens.
//   shapes: x [T, h], cos and sin [T, rotary_dim/2] -> [T, h]
template <Algebra A>
Tensor<A> turned_by_tables(A& a, const RopeSpec& r, const Tensor<A>& cos, const Tensor<A>& sin,
                           const Tensor<A>& x) {
  const Rotation pairs{.style = r.style, .rotary_dim = r.rotary_dim};
  const int n = r.rotary_dim / 2, rest = a.cols(x) - r.rotary_dim;
  const auto first = [&](int j) { return pairs.first(j); };
  const auto second = [&](int j) { return pairs.second(j); };
  const auto channels = [&](auto channel) {
    std::vector<Tensor<A>> out;
    for (int j = 0; j < n; ++j) out.push_back(a.take_cols(x, channel(j), 1));
    return a.concat_cols(out);
  };
  const auto times = [&](const Tensor<A>& u, const Tensor<A>& table, auto channel) {
    return a.mul(u, entries(a, r, table, channel));
  };
  const Tensor<A> u = channels(first), w = channels(second);
  const Tensor<A> one = a.sub(times(u, cos, first), times(w, sin, first));
  const Tensor<A> other = a.add(times(u, sin, second), times(w, cos, second));
  std::vector<Tensor<A>> out(std::size_t(r.rotary_dim), one);
  for (int j = 0; j < n; ++j) {
    out[std::size_t(first(j))] = a.take_cols(one, j, 1);
    out[std::size_t(second(j))] = a.take_cols(other, j, 1);
  }
  if (rest > 0) out.push_back(a.take_cols(x, r.rotary_dim, rest));
  return a.concat_cols(out);
}

// The tables of a sequence, with the sign of the turn.
template <class A>
struct TablesOf {
  Tensor<A> cos, sin;
};
template <Algebra A>
TablesOf<A> tables_of(A& a, const RopeSpec& r, const ParameterView<A>& p, int sequence, int tokens) {
  const int first = r.table_fault == TableFault::first_sequence ? 0 : sequence * tokens;
  const bool swapped = r.table_fault == TableFault::swapped;
  const Tensor<A> cos = a.take_rows(p.at(swapped ? "sin" : "cos"), first, tokens);
  const Tensor<A> sin = a.take_rows(p.at(swapped ? "cos" : "sin"), first, tokens);
  return {cos, r.sign < 0 ? a.scale(sin, {-1}) : sin};
}

}  // namespace detail

// All heads of all sequences turned, as queries are.
//   formula: pair j of token t turns by its angle, or by row t of the tables, as the head of this file says
//   shapes: x [B T, n head_dim] -> [B T, n head_dim]; B = `batch` divides the rows
//   error: that of the algebra
//   bad input: throws Error where p lacks tables that are to be given; shapes are not checked
//   source: arXiv 2104.09864
template <Algebra A>
Tensor<A> turned_heads(A& a, const RopeSpec& r, const ParameterView<A>& p, int head_dim, const Tensor<A>& x,
                       int batch) {
  const int tokens = a.rows(x) / batch, heads = a.cols(x) / head_dim;
  std::vector<Tensor<A>> sequences;
  for (int b = 0; b < batch; ++b) {
    const Tensor<A> rows = a.take_rows(x, b * tokens, tokens);
    std::optional<detail::TablesOf<A>> tables;
    if (detail::reads_tables(r)) tables = detail::tables_of(a, r, p, b, tokens);
    std::vector<Tensor<A>> out;
    for (int i = 0; i < heads; ++i) {
      const Tensor<A> head = a.take_cols(rows, i * head_dim, head_dim);
      out.push_back(tables ? detail::turned_by_tables(a, r, tables->cos, tables->sin, head)
                           : a.rotate(head, rotation(r, head_dim, false)));
    }
    sequences.push_back(a.concat_cols(out));
  }
  return a.store(a.concat_rows(sequences), p.place(Site::rotated_queries));
}

// Whether cosines and sines are given to that spec's part (parameter_shapes.cpp).
bool has_turn_tables(const BlockSpec& spec);

template <>
struct PartOf<Part::rope> {
  static constexpr TokenTensor tables[] = {{"cos", Width::turns, Rows::tokens, has_turn_tables},
                                           {"sin", Width::turns, Rows::tokens, has_turn_tables}};
  static constexpr PartRecord record{
      .turns = true, .x = {"x", Width::query_heads}, .y = {"y", Width::query_heads}, .beside_x = tables};
  static void add_parameters(ParameterShapes&, const auto&) {}
  template <Algebra A>
  static Tensor<A> run(A& a, const auto& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>*) {
    const auto& s = spec.attention;
    if (!spec.position.rope) return x;  // the wrong choice of no positions
    const Tensor<A> y = a.component(Component::attention, "RoPE", x, [&] {
      return turned_heads(a, *spec.position.rope, p, s.head_dim, x, batch);
    });
    const bool is_skipped = s.backward == std::remove_cvref_t<decltype(s.backward)>::rope_skipped;
    return is_skipped ? with_derivative_of(a, y, x) : y;
  }
};

}  // namespace plumbline
