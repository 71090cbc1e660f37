// Random parameters and inputs for unit tests: exact doubles from a generator whose bits are the
// same everywhere.
#pragma once

#include <random>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline {

// Uniform on a grid of [-1, 1]: every value is a multiple of 2^-20, hence exact in every scalar.
inline Matrix<double> random_matrix(std::mt19937_64& bits, int rows, int cols) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    x.data()[i] = (static_cast<double>(bits() >> 43) - 1048576.0) / 1048576.0;
  return x;
}

// Gains away from 0, everything else around 0: nothing is left at a value that hides a mistake.
inline Parameters<double> random_parameters(std::mt19937_64& bits, const BlockSpec& spec) {
  Parameters<double> p;
  for (const ParameterShape& s : parameter_shapes(spec)) {
    p[s.name] = random_matrix(bits, s.rows, s.cols);
    if (s.role == Role::gain) p[s.name] = (p[s.name].array() * 0.5 + 1.25).matrix();
  }
  return p;
}

}  // namespace plumbline
