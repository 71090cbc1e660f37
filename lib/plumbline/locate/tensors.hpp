// The output tensors of a question as people see them: shapes with names for their axes.
#pragma once

#include "plumbline/cases/question.hpp"
#include "plumbline/locate/region.hpp"

namespace plumbline {

// A tensor in the columns of one of output_names: y of add_norm has the sum to the right of the norm.
struct OutputTensor {
  std::string name;
  int output = 0, first_col = 0;
  Eigen::Index cols = 0;
  std::vector<View> views;  // the first one as it is indexed

  // This tensor, of the whole output.
  Matrix<double> of(const Matrix<double>& output) const { return output.middleCols(first_col, cols); }
};

// All output tensors of the question, in the order of output_names.
std::vector<OutputTensor> output_tensors(const Question& question);

}  // namespace plumbline
