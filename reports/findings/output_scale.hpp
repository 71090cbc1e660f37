// What a row of the output looks like at depth: its mean and mean square, in enclosures.
#pragma once

#include <string>
#include <vector>

#include "plumbline/number/interval.hpp"

namespace plumbline::reports {

struct OutputScale {
  std::string layout;
  int layers;
  Interval60 mean;                          // the largest absolute mean of a row
  Interval60 least_square, largest_square;  // the smallest and the largest mean square of a row
};

// Xavier-initialised stacks of 1, 12 and 96 layers without final norm (d = 16, T = 4), unit gains, zero
// biases. The last layer is evaluated in enclosures, at the point that 50 digits give for its input.
std::vector<OutputScale> output_scales();

}  // namespace plumbline::reports
