#include "reports/chains/initialisation.hpp"

#include "plumbline/spec/parameters.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::reports {
namespace {

Matrix<Mp50> uniform(Bits& bits, int rows, int cols, const Mp50& bound) {
  Matrix<Mp50> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    x.data()[i] = Mp50(static_cast<double>(bits() >> 11) * 0x1p-52 - 1) * bound;
  return x;
}

}  // namespace

Matrix<Mp50> unit_variance(Bits& bits, int rows, int cols) {
  return uniform(bits, rows, cols, sqrt(Mp50(3)));
}

BlockSpec layer_of(const std::string& layout, int d, int n_heads, int d_ff, Activation activation) {
  BlockSpec s = find_preset(layout).make({.d = d, .n_layers = 1, .n_heads = n_heads, .d_ff = d_ff});
  s.ffn.activation = activation;
  s.final_norm.reset();
  return s;
}

Parameters<Mp50> xavier(Bits& bits, const BlockSpec& layer) {
  Parameters<Mp50> p;
  for (const auto& [name, rows, cols] : parameter_shapes(layer)) {
    const bool norm = name.find("norm") != std::string::npos, weight = name.ends_with(".weight");
    if (norm || !weight)
      p[name] = Matrix<Mp50>::Constant(rows, cols, Mp50(norm && weight ? 1 : 0));
    else
      p[name] = uniform(bits, rows, cols, sqrt(Mp50(Mp50(6) / Mp50(rows + cols))));
  }
  return p;
}

Mp50 length(const Matrix<Mp50>& x) { return sqrt(Mp50(x.cwiseProduct(x).sum())); }

}  // namespace plumbline::reports
