// Every chain that the reports speak of, and what is derived from several of them.
#pragma once

#include <array>
#include <map>

#include "reports/chains/gradient_chain.hpp"
#include "reports/chains/spectrum_chain.hpp"

namespace plumbline::reports {

inline constexpr int deepest = 96;
inline constexpr std::array seeds{1u, 2u, 3u, 4u, 5u};
inline constexpr std::array stack_depths{2, 8, 32, deepest};

// By layout; one chain per seed.
struct ChainRecords {
  std::map<std::string, std::map<int, std::vector<GradientChain>>> stacks;  // layout, layers
  std::map<std::string, std::vector<GradientChain>>
      feed_forward_only;  // layout; `deepest` layers, ReLU, d_ff = d
  std::map<std::string, SpectrumChain> spectra;
};

ChainRecords run_chains();

// Geometric mean over the seeds, smallest and largest.
struct Band {
  Mp50 mean, least, most;
};
Band band(const std::vector<Mp50>& values);

// The factor by which the gradient's length has changed n layers below the top of the stack.
Band gain_below_top(const std::vector<GradientChain>& chains, int n);

}  // namespace plumbline::reports
