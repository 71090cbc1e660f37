#include "reports/chains/initialisation.hpp"

#include "plumbline/block/parameter_shapes.hpp"
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
  for (const ParameterShape& s : parameter_shapes(layer)) {
    if (s.role == Role::weight)
      p[s.name] = uniform(bits, s.rows, s.cols, sqrt(Mp50(Mp50(6) / Mp50(s.rows + s.cols))));
    else
      p[s.name] = Matrix<Mp50>::Constant(s.rows, s.cols, Mp50(s.role == Role::gain ? 1 : 0));
  }
  return p;
}

Mp50 length(const Matrix<Mp50>& x) { return sqrt(Mp50(x.cwiseProduct(x).sum())); }

}  // namespace plumbline::reports
