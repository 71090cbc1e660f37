#include "plumbline/naming/activations.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace plumbline {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double erf_gelu(double x) { return x * std::erfc(-x / std::numbers::sqrt2) / 2; }
double tanh_gelu(double x, double cubic) {
  const double root = std::sqrt(2 / std::numbers::pi);
  return 0.5 * x * (1 + std::tanh(root * (x + cubic * x * x * x)));
}
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

std::span<const OtherActivation> other_activations() {
  static constexpr OtherActivation table[] = {
      {"gelu-cubic", "0.5 x (1 + tanh(sqrt(2/pi) (x + c x^3)))", tanh_gelu, 0, 0.004, 0.4},
      {"gelu-root", "0.5 x (1 + tanh(c (x + 0.044715 x^3)))",
       [](double x, double c) { return 0.5 * x * (1 + std::tanh(c * (x + 0.044715 * x * x * x))); }, 0, 0.1,
       10},
      {"sigmoid-slope", "x sigmoid(c x)", [](double x, double c) { return x * sigmoid(c * x); }, 0, 0.1, 10},
      {"erf-slope", "x (1 + erf(c x)) / 2", [](double x, double c) { return x * std::erfc(-c * x) / 2; }, 0,
       0.1, 10},
      {"tanh-gelu", "the tanh form of GELU", [](double x, double) { return tanh_gelu(x, 0.044715); }},
      {"erf-gelu", "the erf form of GELU", [](double x, double) { return erf_gelu(x); }},
      {"silu", "x sigmoid(x)", [](double x, double) { return x * sigmoid(x); }},
      {"sigmoid", "sigmoid(x)", [](double x, double) { return sigmoid(x); }},
      {"tanh", "tanh(x)", [](double x, double) { return std::tanh(x); }},
      {"identity", "x", [](double x, double) { return x; }},
      {"relu", "max(x, 0)", [](double x, double) { return std::max(x, 0.0); }},
      {"relu-squared", "max(x, 0)^2", [](double x, double) { return std::max(x, 0.0) * std::max(x, 0.0); }},
      {"relu-6", "min(max(x, 0), 6)", [](double x, double) { return std::clamp(x, 0.0, 6.0); }},
      {"leaky-relu", "x where x > 0, else c x", [](double x, double c) { return x > 0 ? x : c * x; }, 0, 1e-4,
       1},
      {"elu", "x where x > 0, else exp(x) - 1", [](double x, double) { return x > 0 ? x : std::expm1(x); }},
      {"softplus", "log(1 + exp(x))", [](double x, double) { return softplus(x); }},
      {"mish", "x tanh(softplus(x))", [](double x, double) { return x * std::tanh(softplus(x)); }},
      {"hard-swish", "x min(max(x + 3, 0), 6) / 6",
       [](double x, double) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }},
      {"gelu-of-absolute", "0.5 |x| (1 + erf(x / sqrt 2))",
       [](double x, double) { return std::abs(x) * std::erfc(-x / std::numbers::sqrt2) / 2; }},
      {"without-half", "x (1 + erf(x / sqrt 2))", [](double x, double) { return 2 * erf_gelu(x); }}};
  return table;
}

double value(const OtherActivation& f, double c, double x) { return f.f(x, c); }

double slope(const OtherActivation& f, double c, double x) {
  const double h = 1e-3 * (1 + std::abs(x));
  const auto at = [&](double y) { return f.f(y, c); };
  return (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h);
}

}  // namespace plumbline
