// Naming is identification near the declared spec: of the alternatives that explain most failing cases it is
// the likeliest that is named.
#pragma once

#include <optional>
#include <span>

#include "plumbline/cases/deviate.hpp"
#include "plumbline/exchange/exchange.hpp"
#include "plumbline/naming/alternative.hpp"

namespace plumbline {

// An answer that failed. What it points to must outlive the search.
struct Failing {
  const Request* request;
  const Outputs* outputs;
};

// The alternative that was found.
struct Neighbour {
  std::string id, says, bug;
  double log_ratio = 0;         // log likelihood ratio against "correct", of the cases that were looked at
  std::vector<int> cases = {};  // that it explains
  std::function<bool(const Failing&)> explains = {};
  bool is_arithmetic = false;  // the block is right, in arithmetic that is coarser than declared
};

// Of alternatives that explain most failing cases the likeliest. Nothing where none explains more than
// `least` of them, or where the profile is float64. `known`: deviations of the catalogue that are held
// against the alternatives, by the same measure; the neighbour then has the id of one.
std::optional<Neighbour> nearest_neighbour(std::span<const Failing> failing, int least,
                                           const Deviations& known = {});

}  // namespace plumbline
