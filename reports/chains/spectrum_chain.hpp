// The singular values of a product of layer Jacobians J_L ... J_1, depth by depth, in 100 digits.
#pragma once

#include <vector>

#include "reports/chains/initialisation.hpp"

namespace plumbline::reports {

// Rotates the columns of x until they are orthogonal (one-sided Jacobi; Hestenes 1958), which leaves x V with
// V orthogonal; returns their lengths, descending: the singular values of x. Small ones come out to high
// relative accuracy where the columns are graded (Demmel and Veselic 1992).
std::vector<Mp100> orthogonalise(Matrix<Mp100>& x);

struct SpectrumDepth {
  Mp50 largest, median, smallest;  // in post-norm of the T (d-2) values that eps = 0 would leave
  int above_thousandth;            // how many of all T d values are at least a thousandth of the largest
  Mp50 product_of_largest;         // of the layers' own largest values, in double: the bound on `largest`
};

struct SpectrumChain {
  std::string layout;
  int d, tokens;
  std::vector<SpectrumDepth> depths;  // entry l-1: after l layers
};

// A Xavier-initialised stack on rows of unit variance. Deterministic for a seed.
SpectrumChain spectrum_chain(const std::string& layout, int d, int tokens, int n_layers, unsigned seed);

}  // namespace plumbline::reports
