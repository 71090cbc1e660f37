// One run of a stack at initialisation: what it does to a gradient, to directions and to the stream.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "plumbline/base/names.hpp"
#include "plumbline/depth/stack.hpp"

namespace plumbline {

// The branches that write; the other one's last projection is 0.
enum class Branches { both, feed_forward, attention };
PLUMBLINE_NAMES(Branches, {both, "both"}, {feed_forward, "feed-forward"}, {attention, "attention"})

// A stack but for its depth and seed; d_ff = 4 d, 2 heads, causal attention, GELU, rows of unit variance.
struct ChainSettings {
  const StackLayout* layout;
  NormKind norm;
  int d, tokens;
  Initialisation initialisation;
  Branches branches = Branches::both;
};

// |gradient at the input| / |gradient behind the last layer|, as log10, of <g, y> with a random g; y is taken
// behind the final norm where the layout has one. And log10 of the mean square of the stream behind layer l,
// l = 1, 2, 4, ... and the last.
struct GradientRun {
  double log10_factor;
  std::map<int, double> log10_mean_square;
};

// Deterministic for a seed, in double.
//   error: some hundred roundings a layer
GradientRun gradient_run(const ChainSettings& settings, int n_layers, std::uint64_t seed);

// The exponents of the singular values of the product of the layers' Jacobians, without those directions that
// the norms alone take away (`remaining`); and how many of them keep a thousandth of the largest, by depth.
struct SpectrumRun {
  double largest, median, smallest;  // log10
  std::map<int, int> directions;     // after so many layers
};

// How many of the T d directions a stack can pass on at all.
//   formula: T (d - 2) with LayerNorm and T (d - 1) with RMSNorm where the stream of some layer goes through
//   a norm, else T d;
//     T d where there are several streams
int remaining_directions(const ChainSettings& settings);

// `depths`, ascending and not empty: where to count; the exponents are those at the last of them.
SpectrumRun spectrum_run(const ChainSettings& settings, const std::vector<int>& depths, std::uint64_t seed);

}  // namespace plumbline
