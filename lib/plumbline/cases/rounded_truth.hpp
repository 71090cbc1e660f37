// Outputs rounded correctly to a storage type, each with its proof: no implementation can answer better.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "plumbline/block/certified.hpp"
#include "plumbline/cases/case.hpp"
#include "plumbline/number/dtype.hpp"

namespace plumbline {

// One tensor. An entry is decided where all of its ball rounds to one number; an exact tie, or a value that
// is 0 but for what cancels, never is.
struct RoundedTensor {
  std::string name;
  Matrix<double> value;           // numbers of the type; of undecided entries one of two neighbours, or 0
  std::array<long, 3> decided{};  // by balls whose factors have one exact part, two, three (ball_product.hpp)
  std::vector<long> undecided = {};  // indices, row by row
  double largest_radius = 0;         // of the first balls
};

// The one number of the type to which all of the ball rounds, ties to even; nothing where there are two.
//   bound: none is returned that the exact value does not round to
std::optional<double> rounded(const Ball& x, Dtype dtype);

// y, and where a cotangent is given grad.x (grad.q of sdpa) and grad.<parameter> by name. Balls of few exact
// parts come first, one for types of 16 bits, two for float32; where entries are left, all is computed again
// with one part more, or y alone where the gradients are decided.
//   bad input: throws Error as evaluate does, and where a ball says nothing
std::vector<RoundedTensor> correctly_rounded(const BlockSpec& spec, const CaseInputs& inputs, int batch,
                                             Dtype dtype, int threads);

}  // namespace plumbline
