// What a question says of its keys: tensors that hide some of them beside the mask of positions (mask.hpp),
// and keys that were there before its tokens.
//   boolean mask: query i sees key j where the mask is 1; additive mask: it is added to capped scores
//   lengths: of the keys of sequence b the first key_lengths(b) are seen, the others are padding; where keys
//     are inputs of their own, the last query stands at the last of these
//   segments: sequences lie behind one another in a row; a query sees the keys of its own segment
//   past: so many keys and values stand in a cache, turned and normed; query 0 stands at key `past`
// Masks, lengths and segments are data: no gradient is asked for any of them. A query that sees no key at all
// is refused, or has no weights, so that its row of the heads is 0, as in PyTorch and ONNX.
// Sources: torch.nn.functional.scaled_dot_product_attention, onnx Attention, and flash_attn_varlen_func and
// flash_attn_with_kvcache of flash-attention.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plumbline/block/knob.hpp"
#include "plumbline/block/mask.hpp"
#include "plumbline/block/parameter_shape.hpp"
#include "plumbline/block/parameters.hpp"

namespace plumbline {

// What a mask is: a choice of keys, or numbers that are added to scores.
enum class GivenMask { none, boolean, additive };
PLUMBLINE_NAMES(GivenMask, {none, "none"}, {boolean, "boolean"}, {additive, "additive"})
// What has a mask of its own: nothing, each sequence, each head, or each head of each sequence.
enum class MaskOver { nothing, sequences, heads, sequences_and_heads };
PLUMBLINE_NAMES(MaskOver, {nothing, "nothing"}, {sequences, "sequences"}, {heads, "heads"},
                {sequences_and_heads, "sequences_and_heads"})
// What becomes of a query that sees no key.
enum class EmptyRows { refused, zeros };
PLUMBLINE_NAMES(EmptyRows, {refused, "refused"}, {zeros, "zeros"})
// What goes wrong with them.
enum class GivenFault {
  none,
  mask_missing,
  mask_inverted,
  mask_added,
  mask_before_scale,
  mask_before_softcap,
  mask_of_first_head,
  mask_of_first_sequence,
  padding_seen,
  padding_counted,
  one_key_more,
  segments_missing,
  past_not_counted
};
PLUMBLINE_NAMES(GivenFault, {none, "none"}, {mask_missing, "mask_missing"}, {mask_inverted, "mask_inverted"},
                {mask_added, "mask_added"}, {mask_before_scale, "mask_before_scale"},
                {mask_before_softcap, "mask_before_softcap"}, {mask_of_first_head, "mask_of_first_head"},
                {mask_of_first_sequence, "mask_of_first_sequence"}, {padding_seen, "padding_seen"},
                {padding_counted, "padding_counted"}, {one_key_more, "one_key_more"},
                {segments_missing, "segments_missing"}, {past_not_counted, "past_not_counted"})

// What is given, as data.
struct GivenSpec {
  GivenMask mask = GivenMask::none;
  MaskOver mask_over = MaskOver::nothing;
  bool lengths = false, segments = false;
  int past = 0;
  EmptyRows empty_rows = EmptyRows::refused;
  GivenFault fault = GivenFault::none;
  bool operator==(const GivenSpec&) const = default;
};

// Whether each sequence, each head has a mask of its own.
inline bool is_of_sequences(const GivenSpec& g) {
  return g.mask_over == MaskOver::sequences || g.mask_over == MaskOver::sequences_and_heads;
}
inline bool is_of_heads(const GivenSpec& g) {
  return g.mask_over == MaskOver::heads || g.mask_over == MaskOver::sequences_and_heads;
}

template <>
inline constexpr auto knobs<GivenSpec> = std::tuple{
    knob("mask", &GivenSpec::mask,
         "boolean: a query sees a key where it is 1; additive: it is added to scores"),
    knob("mask_over", &GivenSpec::mask_over, "what has a mask of its own").only_of([](const GivenSpec& g) {
      return g.mask != GivenMask::none;
    }),
    knob("lengths", &GivenSpec::lengths, "keys from key_lengths on are padding"),
    knob("segments", &GivenSpec::segments, "keys of other segments are not seen"),
    knob("past", &GivenSpec::past, "how many keys stand before those of the tokens")
        .within({0, largest_size}),
    knob("empty_rows", &GivenSpec::empty_rows, "a query that sees no key is refused, or has no weights"),
    knob("given_fault", &GivenSpec::fault, "what goes wrong with them").where_wrong()};

template <>
inline constexpr WrongChoice<GivenSpec> wrong_choices<GivenSpec>[] = {
    {"given/mask-added", "a boolean mask is added to the scores, as 0 and 1",
     "huggingface/transformers#41443",
     [](GivenSpec& g) {
       if (g.mask == GivenMask::boolean) g.fault = GivenFault::mask_added;
     }},
    {"given/mask-inverted", "a key is seen where the boolean mask is 0", "lucidrains/x-transformers#160",
     [](GivenSpec& g) {
       if (g.mask == GivenMask::boolean) g.fault = GivenFault::mask_inverted;
     }},
    {"given/mask-missing", "the mask that is given is not read", "",
     [](GivenSpec& g) {
       if (g.mask != GivenMask::none) g.fault = GivenFault::mask_missing;
     }},
    {"given/mask-of-first-head", "all heads have the first one's mask", "tenstorrent/tt-metal#39946",
     [](GivenSpec& g) {
       if (is_of_heads(g)) g.fault = GivenFault::mask_of_first_head;
     }},
    {"given/mask-of-first-sequence", "all sequences have the first one's mask", "tenstorrent/tt-metal#39910",
     [](GivenSpec& g) {
       if (is_of_sequences(g)) g.fault = GivenFault::mask_of_first_sequence;
     }},
    {"lengths/one-key-more", "j <= length where j < length is right", "",
     [](GivenSpec& g) {
       if (g.lengths) g.fault = GivenFault::one_key_more;
     }},
    {"lengths/padding-counted", "padded keys have the score 0 in the sum that weights are divided by",
     "flashinfer-ai/flashinfer#5090",
     [](GivenSpec& g) {
       if (g.lengths) g.fault = GivenFault::padding_counted;
     }},
    {"lengths/padding-seen", "padded keys are seen", "deepspeedai/DeepSpeed#1466",
     [](GivenSpec& g) {
       if (g.lengths) g.fault = GivenFault::padding_seen;
     }},
    {"segments/missing", "keys of other segments are seen", "Tencent-Hunyuan/HunyuanVideo#310",
     [](GivenSpec& g) {
       if (g.segments) g.fault = GivenFault::segments_missing;
     }},
};

// Whether an input of that name hides keys: data, which have no gradient; and whether it counts, so that its
// numbers are whole and of no storage type.
inline bool is_given_mask(std::string_view name) {
  return name == "mask" || name == "key_lengths" || name == "segments" || name == "q_segments" ||
         name == "k_segments";
}
inline bool counts(std::string_view name) { return is_given_mask(name) && name != "mask"; }

// What its inputs are read as, once for all heads; `own_keys`: keys are inputs beside the queries.
struct Given {
  std::vector<int> mask, lengths, q_segments, k_segments;
};

// Reads them; of an algebra without numbers nothing hides a key.
//   bad input: throws Error where one of them is missing; shapes are not checked
template <Algebra A>
Given read_given(A& a, const GivenSpec& g, const ParameterMap<A>& inputs, bool own_keys) {
  const ParameterView<A> p{inputs, ""};
  Given out;
  if (g.mask == GivenMask::boolean) out.mask = a.whole(p.at("mask"));
  if (g.lengths) out.lengths = a.whole(p.at("key_lengths"));
  if (g.segments) out.q_segments = a.whole(p.at(own_keys ? "q_segments" : "segments"));
  if (g.segments) out.k_segments = a.whole(p.at(own_keys ? "k_segments" : "segments"));
  return out;
}

// One head of one sequence, among how many heads; how many queries and keys a sequence has.
struct HeadAt {
  int sequence, head, heads, queries, keys;
};

// The first row of its mask.
inline int mask_row(const GivenSpec& g, const HeadAt& at) {
  const bool of_sequence = is_of_sequences(g) && g.fault != GivenFault::mask_of_first_sequence;
  const bool of_head = is_of_heads(g) && g.fault != GivenFault::mask_of_first_head;
  const int masks = is_of_heads(g) ? at.heads : 1;
  return ((of_sequence ? at.sequence : 0) * masks + (of_head ? at.head : 0)) * at.queries;
}

// The key that query 0 of a sequence stands at.
inline int first_position(const MaskSpec& m, const std::optional<GivenSpec>& g, const Given& given,
                          const HeadAt& at, bool own_keys) {
  if (g && g->past > 0) return g->past;
  const bool from_end = own_keys && m.alignment == CausalAlignment::bottom_right;
  if (from_end && !given.lengths.empty()) return given.lengths[std::size_t(at.sequence)] - at.queries;
  return first_position(m, at.queries, at.keys);
}

namespace detail {

// Whether key j of a sequence is no padding.
inline bool is_within(const GivenSpec& g, const Given& given, const HeadAt& at, int j) {
  return given.lengths.empty() || g.fault == GivenFault::padding_seen ||
         j < given.lengths[std::size_t(at.sequence)] + (g.fault == GivenFault::one_key_more);
}

inline bool is_shown(const GivenSpec& g, const Given& given, const HeadAt& at, int i, int j) {
  const auto id = [&](const std::vector<int>& ids, int n, int k) {
    return ids[std::size_t(at.sequence) * std::size_t(n) + k];
  };
  if (!given.q_segments.empty() && g.fault != GivenFault::segments_missing &&
      id(given.q_segments, at.queries, i) != id(given.k_segments, at.keys, j))
    return false;
  if (given.mask.empty() || g.fault == GivenFault::mask_missing || g.fault == GivenFault::mask_added)
    return true;
  const int row = mask_row(g, at) + i;
  const bool keeps = given.mask[std::size_t(row) * std::size_t(at.keys) + j] != 0;
  return keeps != (g.fault == GivenFault::mask_inverted);
}

}  // namespace detail

// What hides keys from that head beside `mask`; padded keys where the wrong choice leaves them to be counted.
inline Mask with_given(Mask mask, const GivenSpec& g, const Given& given, const HeadAt& at,
                       bool hides_padding = true) {
  mask.may_be_empty = g.empty_rows == EmptyRows::zeros || g.fault != GivenFault::none;
  if (given.mask.empty() && given.lengths.empty() && given.q_segments.empty()) return mask;
  std::vector<bool> shown;
  for (int i = 0; i < at.queries; ++i)
    for (int j = 0; j < at.keys; ++j)
      shown.push_back((!hides_padding || detail::is_within(g, given, at, j)) &&
                      detail::is_shown(g, given, at, i, j));
  mask.stride = at.keys;
  mask.shown = std::make_shared<const std::vector<bool>>(std::move(shown));
  return mask;
}

// Its inputs, of so many sequences, tokens of each, and keys without those of the past.
inline void add_given_shapes(ParameterShapes& out, const GivenSpec& g, int heads, int key_width,
                             int value_width, int batch, int tokens, int keys, bool own_keys) {
  const auto add = [&](const char* name, int rows, int cols) { out.push_back({name, rows, cols}); };
  const int all_keys = own_keys ? keys : keys + g.past;
  const int masks = (is_of_sequences(g) ? batch : 1) * (is_of_heads(g) ? heads : 1);
  if (g.mask != GivenMask::none) add("mask", masks * tokens, all_keys);
  if (g.lengths) add("key_lengths", batch, 1);
  if (g.segments && own_keys) add("q_segments", batch, tokens), add("k_segments", batch, keys);
  if (g.segments && !own_keys) add("segments", batch, tokens);
  if (g.past > 0 && !own_keys)
    add("past_k", batch * g.past, key_width), add("past_v", batch * g.past, value_width);
}

}  // namespace plumbline
