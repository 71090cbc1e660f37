// Whether the tensors that a block is given have the shapes that its spec asks for.
#pragma once

#include <Eigen/Core>
#include <map>
#include <string>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// Of a matrix.
struct Shape {
  Eigen::Index rows = 0, cols = 0;
};
std::string text_of(const Shape& shape);  // "[6, 16]"

// Throws Error naming the first tensor that is missing or has another shape: x, parameters and inputs beside
// x by name; `batch` divides the rows of x.
void check_shapes(const BlockSpec& spec, const std::map<std::string, Shape>& parameters, const Shape& x,
                  int batch);

}  // namespace plumbline
