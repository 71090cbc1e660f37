// The rotary position embedding: pairs of channels of queries and keys turn by an angle in proportion to the
// position, so that scores depend on the distance alone. What they turn by is scaled for longer sequences
// (number/rope_scaling.hpp). Source: arXiv 2104.09864.
#pragma once

#include <optional>

#include "plumbline/algebra/rotation.hpp"
#include "plumbline/block/knob.hpp"

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

// The rotary embedding as data.
struct RopeSpec {
  RopeStyle style = RopeStyle::half;
  int rotary_dim = -1;  // JSON that says nothing means head_dim
  double base = 10000;
  int sign = 1;
  std::optional<RopeScaling> scaling = {};
  int direction = 1;
  int key_offset = 0;
  bool rotates_values = false;
  bool exponent_of_head_dim = false;
  bool operator==(const RopeSpec&) const = default;
};

template <>
inline constexpr auto knobs<RopeSpec> = std::tuple{
    knob("style", &RopeSpec::style, "which channels make a pair: j and j + rotary_dim/2, or 2j and 2j + 1"),
    knob("rotary_dim", &RopeSpec::rotary_dim, "how many channels of a head turn; the others stay"),
    knob("base", &RopeSpec::base, "pair j turns by position base^(-2j/rotary_dim)").within(positive),
    knob("sign", &RopeSpec::sign, "-1: queries and keys turn the other way").where_changed(),
    knob("scaling", &RopeSpec::scaling, "frequencies for longer sequences").where_changed(),
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

}  // namespace plumbline
