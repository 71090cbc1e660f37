// What a gradient meets on its way down a deep stack at initialisation: exact backward passes in 50 digits.
#pragma once

#include <vector>

#include "reports/chains/initialisation.hpp"

namespace plumbline::reports {

struct GradientSettings {
  std::string layout;
  int n_layers;
  unsigned seed;
  int d = 32, tokens = 8, n_heads = 4, d_ff = 128;
  Activation activation = Activation::gelu_erf;
  bool attention = true;  // false: the attention branch writes 0
};

// Entry l of each: at the output of layer l, counted from the input (entry 0); of layer l (from entry 1).
struct GradientChain {
  GradientSettings settings;
  std::vector<Mp50> gradient;  // |d loss / d x_l|, loss = <g, y>, g random of unit variance
  std::vector<Mp50> weight;    // |d loss / d W| for the feed-forward's output matrix of layer l
  std::vector<Mp50> stream;    // root mean square of x_l
  std::vector<Mp50> written;   // |x_l - x_(l-1)| / |x_(l-1)|: what the layer changes
};

// In pre_norm the loss is taken behind a final norm, as such models have one; gradient[n_layers] is taken
// before it. Deterministic for a seed.
GradientChain gradient_chain(const GradientSettings& settings);

}  // namespace plumbline::reports
