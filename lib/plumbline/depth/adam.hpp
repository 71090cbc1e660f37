// Adam, arXiv 1412.6980.
#pragma once

#include <vector>

#include "plumbline/depth/language_model.hpp"

namespace plumbline {

// The moments of every parameter, from 0 on.
class Adam {
 public:
  // theta -= rate m / (sqrt v + eps), m and v the moments of the gradient over 1 - beta^t, beta 0.9 and
  // 0.999, eps 1e-8. Returns the length of each change. Gradients as LanguageModel::loss gives them.
  std::vector<double> step(std::vector<Trained>& parameters, const std::vector<Matrix<float>>& gradients,
                           double rate);

 private:
  std::vector<Matrix<float>> first_, second_;
  double power1_ = 1, power2_ = 1;  // beta^t
};

}  // namespace plumbline
