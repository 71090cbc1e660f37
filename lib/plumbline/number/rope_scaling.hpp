// Rotary frequencies for longer sequences than a model was first trained on.
#pragma once

#include <optional>

#include "plumbline/base/names.hpp"

namespace plumbline {

// What a frequency w = base^(-2j/dim) of pair j becomes; each mixes w with w / factor.
//   formula: linear: w / factor; llama3: s w + (1 - s) w / factor, s = (original w / 2 pi - low) / (high -
//   low)
//     between 0 and 1; yarn: (1 - r) w + r w / factor, r = (j - first) / (last - first) between 0 and 1,
//     where pair `first` turns beta_fast times in the original length, and pair `last` beta_slow times: dim
//     ln(original / (2 pi beta)) / (2 ln base), between 0 and dim - 1
//   source: arXiv 2306.15595 (linear), meta-llama/llama-models (llama3), 2309.00071 (yarn)
enum class RopeScalingKind { linear, llama3, yarn };
PLUMBLINE_NAMES(RopeScalingKind, {linear, "linear"}, {llama3, "llama3"}, {yarn, "yarn"})

// Scaled frequencies as data.
struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::linear;
  double factor = 8;
  int original_max_position = 8192;
  double low_freq_factor = 1, high_freq_factor = 4;
  double beta_fast = 32, beta_slow = 1;
  bool truncate = true;  // `first` rounded down, `last` up; if equal, `last` 1/1000 more
  // Of yarn, what cosines and sines are multiplied by; none: 1 + ln(factor) / 10.
  std::optional<double> attention_factor = {};
  bool smooth = true;  // llama3 without: s is 1 above 0
  bool operator==(const RopeScaling&) const = default;
};

}  // namespace plumbline
