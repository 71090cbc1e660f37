// What a residual block is, as plain data. A BlockSpec names every choice that changes the computed function;
// the wrong choices that real implementations make are values of the same knobs, and stand beside them.
#pragma once

#include <algorithm>
#include <vector>

#include "plumbline/base/error.hpp"
#include "plumbline/block/attention.hpp"
#include "plumbline/block/feed_forward.hpp"
#include "plumbline/block/linear_attention.hpp"
#include "plumbline/block/residual.hpp"
#include "plumbline/block/softmax.hpp"
#include "plumbline/block/streams.hpp"

namespace plumbline {

// The feed-forward reads what attention wrote, or the same input beside it.
enum class Topology { sequential, parallel };
PLUMBLINE_NAMES(Topology, {sequential, "sequential"}, {parallel, "parallel"})
// What is added to a branch: the stream, or what the norm before the branch made of it.
enum class ResidualSource { stream, normed };
PLUMBLINE_NAMES(ResidualSource, {stream, "stream"}, {normed, "normed"})
// detached: no gradient flows through it.
enum class ResidualFault { none, dropped, doubled, block_input, detached };
PLUMBLINE_NAMES(ResidualFault, {none, "none"}, {dropped, "dropped"}, {doubled, "doubled"},
                {block_input, "block_input"}, {detached, "detached"})
// Whose parameters a layer of a stack uses: its own, the first one's, or in reverse order.
enum class LayerParameters { own, first, reversed };
PLUMBLINE_NAMES(LayerParameters, {own, "own"}, {first, "first"}, {reversed, "reversed"})

// Where norms stand within a layer.
struct NormSlots {
  AttentionNorms attn;
  FeedForwardNorms ffn;
  bool operator==(const NormSlots&) const = default;
};

template <>
inline constexpr auto knobs<NormSlots> =
    std::tuple{knob("attn", &NormSlots::attn), knob("ffn", &NormSlots::ffn)};

// A block as data; every member that JSON names is in `knobs`, but for unlike layers: blocks of their own,
// which a stack repeats in that order. Where a stack has them, its own block is the first of them.
struct BlockSpec {
  Part part = Part::stack;
  int d = 0;
  int n_layers = 1;
  Topology topology = Topology::sequential;
  bool parallel_shared_norm = false;
  ResidualSource residual_source = ResidualSource::stream;
  double residual_scale = 1;
  double branch_scale = 1;
  ResidualSpec residual;
  std::optional<StreamsSpec> streams;
  NormSlots norm_slots;
  AttentionSpec attention;
  PositionSpec position;
  FeedForwardSpec ffn;
  std::optional<LinearSpec> linear = {};
  NormSlot final_norm;
  std::vector<BlockSpec> layers = {};

  ResidualFault attn_residual = ResidualFault::none;
  ResidualFault ffn_residual = ResidualFault::none;
  bool ffn_reads_block_input = false;
  bool ffn_norm_is_attn_norm = false;
  bool ffn_first = false;
  bool scales_swapped = false;
  LayerParameters layer_parameters = LayerParameters::own;
  int final_norm_times = 1;
  bool operator==(const BlockSpec&) const = default;
};

template <>
inline constexpr auto knobs<BlockSpec> = std::tuple{
    knob("part", &BlockSpec::part, "what is under test"),
    knob("d", &BlockSpec::d, "channels of the residual stream").within(size_range),
    knob("n_layers", &BlockSpec::n_layers, "blocks of a stack").within(layers_range),
    knob("topology", &BlockSpec::topology, "the feed-forward after attention, or beside it"),
    knob("parallel_shared_norm", &BlockSpec::parallel_shared_norm, "both sublayers read one norm"),
    knob("residual_source", &BlockSpec::residual_source,
         "what is added: the stream, or what the norm made of it"),
    knob("residual_scale", &BlockSpec::residual_scale, "alpha of alpha x + beta F"),
    knob("branch_scale", &BlockSpec::branch_scale, "beta of alpha x + beta F"),
    knob("", &BlockSpec::residual),
    knob("streams", &BlockSpec::streams, "several residual streams").where_changed(),
    knob("norm_slots", &BlockSpec::norm_slots, "where norms stand"),
    knob("attention", &BlockSpec::attention),
    knob("position", &BlockSpec::position),
    knob("ffn", &BlockSpec::ffn),
    knob("linear", &BlockSpec::linear, "of part linear: the projection").where_changed(),
    knob("final_norm", &BlockSpec::final_norm, "after the last layer"),
    knob("attn_residual", &BlockSpec::attn_residual, "what is added to attention's branch").where_wrong(),
    knob("ffn_residual", &BlockSpec::ffn_residual, "what is added to the feed-forward's branch")
        .where_wrong(),
    knob("ffn_reads_block_input", &BlockSpec::ffn_reads_block_input, "FFN(N(x)) where FFN(N(u)) is right")
        .where_wrong(),
    knob("ffn_norm_is_attn_norm", &BlockSpec::ffn_norm_is_attn_norm,
         "the second norm uses the first one's parameters")
        .where_wrong(),
    knob("ffn_first", &BlockSpec::ffn_first, "sublayers in the wrong order").where_wrong(),
    knob("scales_swapped", &BlockSpec::scales_swapped,
         "residual_scale multiplies the branch, branch_scale the residual")
        .where_wrong(),
    knob("layer_parameters", &BlockSpec::layer_parameters, "whose parameters a layer uses").where_wrong(),
    knob("final_norm_times", &BlockSpec::final_norm_times, "how often the last norm is applied")
        .within(layers_range)
        .where_wrong()};

// What layer i of a stack is.
inline const BlockSpec& layer_of(const BlockSpec& s, int i) {
  return s.layers.empty() ? s : s.layers[std::size_t(i) % s.layers.size()];
}

// Whether all layers of a stack are so; one block is its only layer.
template <class Predicate>
bool every_layer(const BlockSpec& s, Predicate is_so) {
  return s.layers.empty() ? is_so(s) : std::all_of(s.layers.begin(), s.layers.end(), is_so);
}

// f(id, slot) for each place where a norm can stand, filled or not: "attn.in", ..., "final_norm".
template <class Spec, class F>
void for_each_norm_slot(Spec& s, F f) {
  for_each_knob<AttentionNorms>(
      [&](const auto& k) { f("attn." + std::string(k.key), s.norm_slots.attn.*(k.member)); });
  for_each_knob<FeedForwardNorms>(
      [&](const auto& k) { f("ffn." + std::string(k.key), s.norm_slots.ffn.*(k.member)); });
  f(std::string("final_norm"), s.final_norm);
}

// Throws Error, naming the key path, where dimensions or numbers are impossible.
void validate(const BlockSpec& spec);

// Blocks one after the other, and the final norm.
struct Layers {
  // What stack and block have in common as parts (part.hpp).
  static void add_parameters(ParameterShapes& out, const BlockSpec& spec);
  template <Algebra A>
  static Tensor<A> run(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>* stream);
};

template <>
struct PartOf<Part::stack> : Layers {
  static constexpr PartRecord record{
      .has_residuals = true, .is_stack = true, .attends = true, .projects = true, .feeds = true};
};
template <>
struct PartOf<Part::block> : Layers {
  static constexpr PartRecord record{.has_residuals = true,
                                     .attends = true,
                                     .projects = true,
                                     .feeds = true,
                                     .x = {"x", Width::all_streams},
                                     .y = {"y", Width::all_streams}};
};
template <>
struct PartOf<Part::add_norm> {
  static constexpr TokenTensor residual[] = {{"residual"}}, sum[] = {{"sum"}};
  static constexpr PartRecord record{.is_norm = true, .beside_x = residual, .beside_y = sum};
  static void add_parameters(ParameterShapes& out, const BlockSpec& spec) {
    PartOf<Part::norm>::add_parameters(out, spec);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>* stream);
};

template <>
struct PartOf<Part::collapse> {
  static constexpr PartRecord record{.ends_streams = true, .x = {"x", Width::all_streams}};
  static void add_parameters(ParameterShapes& out, const BlockSpec& spec);
  template <Algebra A>
  static Tensor<A> run(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>* stream);
};

// What a sublayer reads of several streams side by side, writes and mixes: [r | w | C], C by rows.
template <>
struct PartOf<Part::mixer> {
  static constexpr PartRecord record{.mixes = true,
                                     .prefix = "layers.0.attn.mixer.",
                                     .x = {"x", Width::all_streams},
                                     .y = {"y", Width::gates}};
  static void add_parameters(ParameterShapes& out, const BlockSpec& spec) {
    if (spec.streams) add_mixer_shapes(out, std::string(record.prefix), *spec.streams, spec.d);
  }
  template <Algebra A>
  static Tensor<A> run(A& a, const BlockSpec& spec, const ParameterView<A>& p, const Tensor<A>& x, int batch,
                       Stream<A>* stream);
};

namespace detail {
// Of every part, in the order of the enumerators. What has a name has a record: without one this is an error.
template <std::size_t... i>
constexpr std::array<PartRecord, part_count> records(std::index_sequence<i...>) {
  static_assert(((name_table<Part>[i].first == Part(i)) && ...), "parts are named in their order");
  return {PartOf<Part(i)>::record...};
}
}  // namespace detail
inline constexpr auto part_records = detail::records(std::make_index_sequence<part_count>());

// The record of a part, and what it says of the part that a spec is about.
constexpr const PartRecord& record_of(Part part) { return part_records[std::size_t(part)]; }
inline const PartRecord& part_of(const BlockSpec& s) { return record_of(s.part); }
inline bool is_block(const BlockSpec& s) { return part_of(s).has_residuals; }  // one, or a stack of them
inline bool is_stack(const BlockSpec& s) { return part_of(s).is_stack; }
inline bool attends(const BlockSpec& s) { return part_of(s).attends; }
inline bool projects(const BlockSpec& s) { return part_of(s).projects; }
inline bool feeds(const BlockSpec& s) { return part_of(s).feeds; }
inline bool is_one_norm(const BlockSpec& s) { return part_of(s).is_norm; }
inline bool ends_streams(const BlockSpec& s) { return part_of(s).ends_streams; }
inline bool routes(const BlockSpec& s) { return part_of(s).routes; }
inline bool mixes_streams(const BlockSpec& s) { return part_of(s).mixes; }
inline bool turns(const BlockSpec& s) { return part_of(s).turns; }
inline bool recurs(const BlockSpec& s) { return part_of(s).recurs; }
inline bool weighs(const BlockSpec& s) { return part_of(s).weighs; }
inline bool maps(const BlockSpec& s) { return part_of(s).maps; }
inline bool activates(const BlockSpec& s) { return part_of(s).activates; }
inline bool reads_heads(const BlockSpec& s) { return part_of(s).reads_heads(); }
inline bool has_own_keys(const BlockSpec& s) { return part_of(s).keys() != nullptr; }

// Whether there are heads: of what attends, or beside it.
inline bool has_heads(const BlockSpec& s) { return attends(s) || reads_heads(s); }

// The inputs beside x that a spec has.
inline std::vector<TokenTensor> inputs_beside_x(const BlockSpec& s) {
  std::vector<TokenTensor> out;
  for (const TokenTensor& t : part_of(s).beside_x)
    if (!t.is_in || t.is_in(s)) out.push_back(t);
  return out;
}

// How many residual streams there are.
inline int stream_count(const BlockSpec& s) { return s.streams ? s.streams->count : 1; }

// How many rows a state has for each sequence: its channels of all heads of keys.
inline int state_rows(const BlockSpec& s) { return s.attention.n_kv_heads * s.attention.head_dim; }

// How many heads the channels of an input or output belong to, 0 where they are no heads; and how many
// channels it has. Where d is those of queries, it is n_heads head_dim.
inline int heads_of(const BlockSpec& s, const TokenTensor& t) {
  const bool of_queries = t.width == Width::query_heads || t.width == Width::averaged_heads;
  const bool of_keys = t.width == Width::key_heads || t.width == Width::value_heads ||
                       (t.width == Width::decays && decays_by_channel(s.attention));
  return of_queries ? s.attention.n_heads : of_keys ? s.attention.n_kv_heads : 0;
}
inline int width_of(const BlockSpec& s, const TokenTensor& t) {
  const int n = stream_count(s);
  switch (t.width) {
    case Width::all_streams: return s.d * n;
    case Width::key_heads: return s.attention.n_kv_heads * s.attention.head_dim;
    case Width::value_heads: return s.attention.n_kv_heads * value_dim(s.attention);
    case Width::averaged_heads: return value_width(s.attention);
    case Width::experts: return s.ffn.moe ? s.ffn.moe->experts : 0;
    case Width::gates: return n * (2 + n);
    case Width::turns: return s.position.rope ? s.position.rope->rotary_dim / 2 : 0;
    case Width::decays:
      return s.attention.n_kv_heads * (decays_by_channel(s.attention) ? s.attention.head_dim : 1);
    case Width::key_value_heads: return s.attention.n_kv_heads;
    case Width::one_value_head: return value_dim(s.attention);
    case Width::projected: return s.linear ? s.linear->d_out.value_or(s.d) : 0;
    case Width::gate_and_up: return 2 * s.d;
    case Width::stream:
    case Width::query_heads: break;
  }
  return s.d;
}

}  // namespace plumbline
