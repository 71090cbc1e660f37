// How a norm's backward pass goes wrong when written by hand. Right is, with r = 1 / sqrt(variance + eps),
//   dx = r (u - mean(u) - n mean(u n)),  n = (x - mean x) r,  u = dy gamma,  dgamma = sum over rows of dy n
// (RMS norm: without mean(u) and mean x).
#pragma once

#include <span>

namespace plumbline {

// One wrong way: what stands in the place of each part of that formula.
struct NormBackward {
  // The mean of u, or of u n, over the channels of each row.
  enum class Mean {
    right,
    missing,
    twice,
    halved,
    summed,
    summed_over_rows,
    averaged_over_rows,
    of_last_tile
  };
  // What stands in the place of n.
  enum class Factor { right, input, centred, times_gain, renormalised, times_r, of_changed_r };
  // What stands in the place of r.
  enum class Scale { right, missing, squared, cubed, inverse, inverse_squared, in_bfloat16 };

  const char *id, *says;
  Mean first = Mean::right, second = Mean::right;       // mean(u), mean(u n)
  Factor outer = Factor::right, inner = Factor::right;  // n mean(u n): the first n, the second one
  Scale scale = Scale::right;
  bool gain_too = false;  // the gain's gradient has the same factor or scale
  int tile = 0;
};

// All of them, in a fixed order: slips name them by their index.
std::span<const NormBackward> norm_backwards();

}  // namespace plumbline
