#include "plumbline/depth/adam.hpp"

#include <cmath>

namespace plumbline {
namespace {

constexpr float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;

}  // namespace

std::vector<double> Adam::step(std::vector<Trained>& parameters, const std::vector<Matrix<float>>& gradients,
                               double rate) {
  if (first_.empty())
    for (const Trained& p : parameters) {
      first_.push_back(Matrix<float>::Zero(p.value.rows(), p.value.cols()));
      second_.push_back(first_.back());
    }
  power1_ *= double(beta1), power2_ *= double(beta2);
  const float scale1 = float(rate / (1 - power1_)), scale2 = float(1 / (1 - power2_));
  std::vector<double> changes;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    float *theta = parameters[k].value.data(), *m = first_[k].data(), *v = second_[k].data();
    const float* g = gradients[k].data();
    double square = 0;
    for (Eigen::Index i = 0; i < gradients[k].size(); ++i) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * (g[i] * g[i]);
      const float change = scale1 * m[i] / (std::sqrt(scale2 * v[i]) + eps);
      theta[i] -= change;
      square += double(change) * double(change);
    }
    changes.push_back(std::sqrt(square));
  }
  return changes;
}

}  // namespace plumbline
