// What separates presets: the knobs in which their specs differ at equal dimensions.
#pragma once

#include <string>
#include <vector>

#include "plumbline/spec/presets.hpp"

namespace plumbline::reports {

// A knob, or a feature that only one has, with the values of both.
struct Difference {
  std::string knob, own, other;
};
std::vector<Difference> differences(const BlockSpec& own, const BlockSpec& other);

// The preset with the fewest differences; the first of several.
const Preset& nearest_to(const Preset& preset);

}  // namespace plumbline::reports
