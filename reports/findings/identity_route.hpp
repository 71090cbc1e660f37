// What is left of the identity when branches get weak: y against x and J against I, in enclosures.
#pragma once

#include <string>
#include <vector>

#include "plumbline/number/interval.hpp"

namespace plumbline::reports {

struct IdentityRoute {
  std::string layout;
  double branch_scale;  // 1: as initialised; 0: silent
  int stream_scale;     // rows of x have mean 0 and this standard deviation
  Interval60 value;     // |y - x| / |x|
  Interval60 jacobian;  // |J - I| / sqrt(T d), Frobenius
  bool y_is_x, j_is_i;  // exactly: every enclosure is the point
};

// Both layouts, from full branches to silent ones, on rows that are standardised or scaled. d = 16, T = 4.
std::vector<IdentityRoute> identity_routes();

// |J|^2 / (T d), the mean square of a singular value, of a silent post-norm block with its residuals, and
// with both of them dropped.
struct ResidualRoute {
  Interval60 kept, dropped;
};
ResidualRoute post_norm_residual();

}  // namespace plumbline::reports
