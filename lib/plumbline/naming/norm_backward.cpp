#include "plumbline/naming/norm_backward.hpp"

namespace plumbline {

std::span<const NormBackward> norm_backwards() {
  using enum NormBackward::Mean;
  using F = NormBackward::Factor;
  using S = NormBackward::Scale;
  constexpr auto r = NormBackward::Mean::right;
  constexpr auto n = F::right;
  static constexpr NormBackward table[] = {
      {"mean-missing", "mean(u) is left out", missing},
      {"mean-twice", "mean(u) is taken twice", twice},
      {"mean-halved", "mean(u) is halved", halved},
      {"mean-is-a-sum", "sum(u) where mean(u) is right", summed},
      {"mean-summed-over-rows", "mean(u) is summed over all rows", summed_over_rows},
      {"mean-averaged-over-rows", "mean(u) is averaged over all rows", averaged_over_rows},
      {"projection-missing", "n mean(u n) is left out", r, missing},
      {"projection-twice", "n mean(u n) is taken twice", r, twice},
      {"projection-halved", "n mean(u n) is halved", r, halved},
      {"projection-is-a-sum", "n sum(u n) where n mean(u n) is right", r, summed},
      {"projection-summed-over-rows", "mean(u n) is summed over all rows", r, summed_over_rows},
      {"projection-averaged-over-rows", "mean(u n) is averaged over all rows", r, averaged_over_rows},
      {"means-summed-over-rows", "mean(u) and mean(u n) are summed over all rows", summed_over_rows,
       summed_over_rows},
      {"means-averaged-over-rows", "mean(u) and mean(u n) are averaged over all rows", averaged_over_rows,
       averaged_over_rows},
      {"means-missing", "mean(u) and n mean(u n) are left out", missing, missing},
      {"means-are-sums", "sums where mean(u) and mean(u n) are right", summed, summed},
      {"mean-of-last-tile-32", "mean(u) sums the last tile of 32 channels alone", of_last_tile, r, n, n,
       S::right, false, 32},
      {"mean-of-last-tile-64", "mean(u) sums the last tile of 64 channels alone", of_last_tile, r, n, n,
       S::right, false, 64},
      {"mean-of-last-tile-16", "mean(u) sums the last tile of 16 channels alone", of_last_tile, r, n, n,
       S::right, false, 16},
      {"mean-of-last-tile-8", "mean(u) sums the last tile of 8 channels alone", of_last_tile, r, n, n,
       S::right, false, 8},
      {"projection-of-last-tile-32", "mean(u n) sums the last tile of 32 channels alone", r, of_last_tile, n,
       n, S::right, false, 32},
      {"projection-of-last-tile-64", "mean(u n) sums the last tile of 64 channels alone", r, of_last_tile, n,
       n, S::right, false, 64},
      {"projection-of-last-tile-16", "mean(u n) sums the last tile of 16 channels alone", r, of_last_tile, n,
       n, S::right, false, 16},
      {"projection-of-last-tile-8", "mean(u n) sums the last tile of 8 channels alone", r, of_last_tile, n, n,
       S::right, false, 8},
      {"means-of-last-tile-32", "mean(u) and mean(u n) sum the last tile of 32 channels alone", of_last_tile,
       of_last_tile, n, n, S::right, false, 32},
      {"means-of-last-tile-64", "mean(u) and mean(u n) sum the last tile of 64 channels alone", of_last_tile,
       of_last_tile, n, n, S::right, false, 64},
      {"input-for-n", "x mean(u n) where n mean(u n) is right", r, r, F::input},
      {"centred-for-n", "(x - mean x) mean(u n) where n mean(u n) is right", r, r, F::centred},
      {"gain-twice", "gamma n mean(u n) where n mean(u n) is right", r, r, F::times_gain},
      {"r-twice", "r n mean(u n) where n mean(u n) is right", r, r, F::times_r},
      {"input-for-inner-n", "n mean(u x) where n mean(u n) is right", r, r, n, F::input},
      {"centred-for-inner-n", "n mean(u (x - mean x)) where n mean(u n) is right", r, r, n, F::centred},
      {"inner-gain-twice", "n mean(u gamma n) where n mean(u n) is right", r, r, n, F::times_gain},
      {"input-for-both-n", "x mean(u x) where n mean(u n) is right", r, r, F::input, F::input},
      {"centred-for-both-n", "(x - mean x) mean(u (x - mean x)) where n mean(u n) is right", r, r, F::centred,
       F::centred},
      {"input-for-every-n", "x where n is right, in the gain's gradient too", r, r, F::input, F::input,
       S::right, true},
      {"renormalised", "n is normalized once more", r, r, F::renormalised, F::renormalised, S::right, true},
      {"renormalised-in-x", "n is normalized once more, but not in the gain's gradient", r, r,
       F::renormalised, F::renormalised},
      {"r-missing", "r is left out", r, r, n, n, S::missing},
      {"r-squared", "r^2 where r is right", r, r, n, n, S::squared},
      {"r-cubed", "r^3 where r is right", r, r, n, n, S::cubed},
      {"r-inverse", "1/r where r is right", r, r, n, n, S::inverse},
      {"r-inverse-squared", "the variance where r is right", r, r, n, n, S::inverse_squared},
      {"r-inverse-everywhere", "1/r where r is right, in the gain's gradient too", r, r, n, n, S::inverse,
       true},
      {"variance-for-r", "the variance where r is right, in the gain's gradient too", r, r, n, n,
       S::inverse_squared, true},
      {"r-in-bfloat16", "r is rounded to bfloat16", r, r, n, n, S::in_bfloat16},
      {"r-in-bfloat16-everywhere", "r is rounded to bfloat16, in n too", r, r, F::of_changed_r,
       F::of_changed_r, S::in_bfloat16, true}};
  return table;
}

}  // namespace plumbline
