// Rotary frequencies for longer sequences than a model was first trained on.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "plumbline/base/names.hpp"

namespace plumbline {

// What a frequency w = base^(-2j/dim) of pair j becomes, in a sequence of n tokens.
//   formula: linear: w / factor; llama3: s w + (1 - s) w / factor, s = (original w / 2 pi - low) / (high -
//   low)
//     between 0 and 1; yarn: (1 - r) w + r w / factor, r = (j - first) / (last - first) between 0 and 1,
//     where pair `first` turns beta_fast times in the original length, and pair `last` beta_slow times: dim
//     ln(original / (2 pi beta)) / (2 ln base), between 0 and dim - 1; longrope: w / short_factor[j] up to n
//     = original, w / long_factor[j] beyond; dynamic: w u^(-2j/(dim - 2)), u = factor max(n, original) /
//     original - (factor - 1)
//   source: arXiv 2306.15595 (linear), meta-llama/llama-models (llama3), 2309.00071 (yarn), 2402.13753
//     (longrope); transformers, modeling_rope_utils.py (dynamic)
enum class RopeScalingKind { linear, llama3, yarn, longrope, dynamic };
PLUMBLINE_NAMES(RopeScalingKind, {linear, "linear"}, {llama3, "llama3"}, {yarn, "yarn"},
                {longrope, "longrope"}, {dynamic, "dynamic"})
// The length that frequencies of longrope and dynamic are chosen by: that of the sequence, the original one
// always, or the longest one, factor times that, always.
enum class ScaledLength { sequence, original, longest };
PLUMBLINE_NAMES(ScaledLength, {sequence, "sequence"}, {original, "original"}, {longest, "longest"})

// Scaled frequencies as data.
struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::linear;
  double factor = 8;
  int original_max_position = 8192;
  double low_freq_factor = 1, high_freq_factor = 4;
  double beta_fast = 32, beta_slow = 1;
  bool truncate = true;  // `first` rounded down, `last` up; if equal, `last` 1/1000 more
  std::vector<double> short_factor = {1}, long_factor = {4};  // pairs beyond have the last number
  // What cosines and sines are multiplied by; none: of yarn 1 + ln(factor) / 10, of longrope
  // sqrt(1 + ln(factor) / ln(original)).
  std::optional<double> attention_factor = {};
  bool smooth = true;  // llama3 without: s is 1 above 0
  ScaledLength length = ScaledLength::sequence;
  bool operator==(const RopeScaling&) const = default;
};

// Whether cosines and sines are multiplied by a number; whether the length of a sequence changes frequencies.
inline bool has_amplitude(const RopeScaling& s) {
  return s.kind == RopeScalingKind::yarn || s.kind == RopeScalingKind::longrope;
}
inline bool reads_length(const RopeScaling& s) {
  return s.kind == RopeScalingKind::longrope || s.kind == RopeScalingKind::dynamic;
}
// What longrope divides the frequency of a pair by, in a sequence of n tokens.
inline double longrope_divisor(const RopeScaling& s, int pair, int n) {
  const bool is_long =
      s.length == ScaledLength::sequence ? n > s.original_max_position : s.length == ScaledLength::longest;
  const std::vector<double>& factors = is_long ? s.long_factor : s.short_factor;
  return factors[std::min(std::size_t(pair), factors.size() - 1)];
}

}  // namespace plumbline
