// What one LayerNorm does to directions: the three singular values of its Jacobian, in enclosures.
#pragma once

#include <vector>

#include "plumbline/number/interval.hpp"

namespace plumbline::reports {

struct NormJacobian {
  double variance;         // of the row
  Interval60 on_constant;  // |J 1| / |1|
  Interval60 on_row;       // |J xhat| / |xhat|, xhat the centred row
  Interval60 on_rest;      // |J w| / |w| for a w orthogonal to both: d - 2 of the d directions
};

// LayerNorm of unit gain with eps = 1e-5 on rows of length 8.
std::vector<NormJacobian> norm_jacobians();

}  // namespace plumbline::reports
