// Which keys a query sees: all, those that stand no later than it, the last `window` of these, those of these
// that stand in the same chunk of `window` keys (Llama 4), or those less than `window` away on both sides.
#pragma once

#include <optional>

#include "plumbline/algebra/mask.hpp"
#include "plumbline/block/knob.hpp"

namespace plumbline {

// All keys; those that stand no later; the last `window` of these; those less than `window` away; of those
// that stand no later the ones in the same chunk of `window`.
enum class MaskKind { bidirectional, causal, causal_sliding, sliding, causal_chunked };
PLUMBLINE_NAMES(MaskKind, {causal, "causal"}, {bidirectional, "bidirectional"},
                {causal_sliding, "causal_sliding"}, {sliding, "sliding"}, {causal_chunked, "causal_chunked"})
// Of unequal numbers of queries and keys: the last query sees the last key, or the first one the first.
enum class CausalAlignment { bottom_right, top_left };
PLUMBLINE_NAMES(CausalAlignment, {bottom_right, "bottom_right"}, {top_left, "top_left"})
enum class MaskMode { exact, after_softmax, zero_score, finite };  // finite: -1e4 is added to masked scores
PLUMBLINE_NAMES(MaskMode, {exact, "exact"}, {after_softmax, "after_softmax"}, {zero_score, "zero_score"},
                {finite, "finite"})

// A mask as data.
struct MaskSpec {
  MaskKind kind = MaskKind::causal;
  std::optional<int> window = {};
  CausalAlignment alignment = CausalAlignment::bottom_right;
  int offset = 0;
  MaskMode mode = MaskMode::exact;
  bool operator==(const MaskSpec&) const = default;
};

// Whether queries see the keys within a window, or in a chunk of as many; whether they see none that
// stands later.
inline bool slides(const MaskSpec& m) {
  return m.kind == MaskKind::causal_sliding || m.kind == MaskKind::sliding;
}
inline bool has_chunks(const MaskSpec& m) { return m.kind == MaskKind::causal_chunked; }
inline bool is_causal(const MaskSpec& m) {
  return m.kind == MaskKind::causal || m.kind == MaskKind::causal_sliding || has_chunks(m);
}

namespace detail {
inline bool hides(const MaskSpec& m) { return m.kind != MaskKind::bidirectional; }
inline bool ends_at_query(const MaskSpec& m) { return m.kind != MaskKind::sliding; }
}  // namespace detail

template <>
inline constexpr auto knobs<MaskSpec> = std::tuple{
    knob("mask", &MaskSpec::kind, "which keys a query sees"),
    knob("window", &MaskSpec::window,
         "of causal_sliding: query i sees the keys i - window < j <= i; of sliding: |i - j| < window; of "
         "causal_chunked: the keys j <= i of its own chunk, floor(j / window) = floor(i / window)")
        .within(size_range),
    knob("causal_alignment", &MaskSpec::alignment, "of sdpa: which key the last query stands at")
        .where_changed(),
    knob("mask_offset", &MaskSpec::offset,
         "1: sees one key of the future; -1: does not see itself (token 0 does)")
        .within(shift_range)
        .where_wrong()
        .only_of(detail::ends_at_query),
    knob("mask_mode", &MaskSpec::mode, "how masked scores are taken out").where_wrong()};

template <>
inline constexpr WrongChoice<MaskSpec> wrong_choices<MaskSpec>[] = {
    {"mask/after-softmax", "softmax over all keys, then 0 where masked", "",
     [](MaskSpec& m) {
       if (detail::hides(m)) m.mode = MaskMode::after_softmax;
     }},
    {"mask/finite", "-1e4 added to masked scores", "microsoft/torchscale",
     [](MaskSpec& m) {
       if (detail::hides(m)) m.mode = MaskMode::finite;
     }},
    {"mask/hides-self", "j < i", "pbloem/former#10",
     [](MaskSpec& m) {
       if (is_causal(m) && !has_chunks(m)) m.offset = -1;
     }},
    {"mask/chunks-missing", "j <= i, of other chunks too", "",
     [](MaskSpec& m) {
       if (has_chunks(m)) m.kind = MaskKind::causal, m.window.reset();
     }},
    {"mask/window-for-chunks", "i - W < j <= i where the chunk of i is right", "",
     [](MaskSpec& m) {
       if (has_chunks(m)) m.kind = MaskKind::causal_sliding;
     }},
    {"mask/missing", "every key is seen", "facebookresearch/xformers#103",
     [](MaskSpec& m) { m.kind = MaskKind::bidirectional, m.window.reset(); }},
    {"mask/one-sided", "i - W < j <= i where |i - j| < W is right", "",
     [](MaskSpec& m) {
       if (m.kind == MaskKind::sliding) m.kind = MaskKind::causal_sliding;
     }},
    {"mask/sees-next", "j <= i + 1", "",
     [](MaskSpec& m) {
       if (is_causal(m)) m.offset = 1;
     }},
    {"mask/window-too-long", "i - j <= W", "huggingface/transformers#39408",
     [](MaskSpec& m) {
       if (m.window) ++*m.window;
     }},
    {"mask/window-too-short", "i - j < W - 1", "",
     [](MaskSpec& m) {
       if (m.window && *m.window > 1) --*m.window;
     }},
    {"mask/zero-score", "masked scores are 0", "hyunwoongko/transformer#10",
     [](MaskSpec& m) {
       if (detail::hides(m)) m.mode = MaskMode::zero_score;
     }},
};

// The key that query 0 stands at.
inline int first_position(const MaskSpec& m, int queries, int keys) {
  return m.alignment == CausalAlignment::bottom_right ? keys - queries : 0;
}

// The mask of so many queries and keys; query 0 stands at key `shift`.
//   shapes: [queries, keys]
//   domain: a window where the mask slides or has chunks
inline Mask mask_of(const MaskSpec& m, int queries, int keys, int shift) {
  switch (m.kind) {
    case MaskKind::bidirectional: break;
    case MaskKind::causal: return {queries, keys, queries + keys, m.offset, shift};
    case MaskKind::causal_sliding: return {queries, keys, *m.window - 1, m.offset, shift};
    case MaskKind::sliding: return {queries, keys, *m.window - 1, *m.window - 1, shift};
    case MaskKind::causal_chunked: return {queries, keys, queries + keys, m.offset, shift, *m.window};
  }
  return Mask::everything(queries, keys);
}

}  // namespace plumbline
