#include "measure/depth_chain.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "plumbline/depth/accumulated_qr.hpp"

namespace plumbline {
namespace {

using Real = Matrix<double>;

StackSettings stack_of(const ChainSettings& s, int n_layers) {
  return {.layout = s.layout,
          .n_layers = n_layers,
          .d = s.d,
          .n_heads = 2,
          .d_ff = 4 * s.d,
          .norm = s.norm,
          .activation = Activation::gelu_erf,
          .initialisation = s.initialisation};
}

void silence(Parameters<double>& p, Branches branches) {
  if (branches == Branches::feed_forward) p.at("layers.0.attn.o_proj.weight").setZero();
  if (branches == Branches::attention) p.at("layers.0.ffn.down_proj.weight").setZero();
}

// The gradient behind the last layer, of that behind the end of the stack.
Real before_the_end(const StackSettings& stack, const Real& x, const Real& cotangent, std::uint64_t seed) {
  const BlockSpec end = end_of(stack);
  if (end.d == 0) return cotangent;
  Draw draw(mixed(seed));
  return gradients(end, initial_parameters(stack, end, 0, draw), x, cotangent).x;
}

// J Q: every column of Q is a tangent of its own copy of x, so that one evaluation serves many; so many that
// the caches still hold them.
Matrix<double> jacobian_times(const BlockSpec& layer, const Parameters<double>& p, const Real& x,
                              const Matrix<double>& q) {
  const Eigen::Index at_once = 16, n = x.size();
  const Matrix<double> columns = q.transpose();
  Matrix<double> product(columns.rows(), n);
  for (Eigen::Index first = 0; first < columns.rows(); first += at_once) {
    const Eigen::Index copies = std::min(at_once, columns.rows() - first);
    const Real dx = Eigen::Map<const Real>(columns.data() + first * n, copies * x.rows(), x.cols());
    const Real dy = tangent<double>(layer, p, x.replicate(copies, 1), dx, static_cast<int>(copies));
    product.middleRows(first, copies) = Eigen::Map<const Matrix<double>>(dy.data(), copies, n);
  }
  return product.transpose();
}

// The derivative of all streams in the input that each begins as.
Matrix<double> beginning_of_streams(int streams, int tokens, int d) {
  Matrix<double> out = Matrix<double>::Zero(tokens * streams * d, tokens * d);
  for (int t = 0; t < tokens; ++t)
    for (int k = 0; k < streams; ++k)
      out.block((t * streams + k) * d, t * d, d, d) = Matrix<double>::Identity(d, d);
  return out;
}

// How many of `logs`, descending, are within a factor of a thousand of the first.
int count_directions(const std::vector<double>& logs) {
  return static_cast<int>(std::ranges::count_if(logs, [&](double v) { return v >= logs.front() - 3; }));
}

}  // namespace

GradientRun gradient_run(const ChainSettings& s, int n_layers, std::uint64_t seed) {
  Draw draw(seed);
  const StackSettings stack = stack_of(s, n_layers);
  const std::vector<BlockSpec> layers = layers_of(stack);
  const int streams = stream_count(layers.front());
  std::vector<Real> x{as_streams(streams, draw.matrix(s.tokens, s.d))};
  Real g = draw.matrix(s.tokens, s.d);
  std::vector<Parameters<double>> parameters;
  GradientRun run;
  for (int l = 0; l < n_layers; ++l) {
    parameters.push_back(initial_parameters(stack, layers[l], l, draw));
    silence(parameters.back(), s.branches);
    x.push_back(evaluate(layers[l], parameters[l], x.back()));
    if (std::has_single_bit(unsigned(l + 1)) || l + 1 == n_layers)
      run.log10_mean_square[l + 1] = std::log10(x.back().squaredNorm() / double(x.back().size()));
  }
  g = before_the_end(stack, x.back(), g, seed);
  const double top = g.norm();
  for (int l = n_layers - 1; l >= 0; --l) g = gradients(layers[l], parameters[l], x[l], g).x;
  run.log10_factor = std::log10(sum_of_streams(streams, g).norm() / top);
  return run;
}

int remaining_directions(const ChainSettings& s) {
  const std::vector<BlockSpec> layers = layers_of(stack_of(s, 4));  // mix_ln shows both of its kinds
  const auto ends_in_a_norm = [](const BlockSpec& l) {
    return l.norm_slots.ffn.post || l.residual_source == ResidualSource::normed;
  };
  if (layers.front().streams || std::ranges::none_of(layers, ends_in_a_norm)) return s.tokens * s.d;
  return s.tokens * (s.d - (s.norm == NormKind::layer_norm ? 2 : 1));
}

SpectrumRun spectrum_run(const ChainSettings& s, const std::vector<int>& depths, std::uint64_t seed) {
  Draw draw(seed);
  const StackSettings stack = stack_of(s, depths.back());
  const std::vector<BlockSpec> layers = layers_of(stack);
  const int streams = stream_count(layers.front());
  Real x = as_streams(streams, draw.matrix(s.tokens, s.d));
  (void)draw.matrix(s.tokens, s.d);  // where gradient_run draws its gradient: the layers are the same ones
  AccumulatedQr product(s.tokens * s.d);
  if (streams > 1) product.multiply(beginning_of_streams(streams, s.tokens, s.d));
  SpectrumRun run{};
  const int kept = remaining_directions(s);
  int l = 0;
  for (const BlockSpec& layer : layers) {
    Parameters<double> p = initial_parameters(stack, layer, l++, draw);
    silence(p, s.branches);
    product.multiply(jacobian_times(layer, p, x, product.basis()));
    x = evaluate(layer, p, x);
    if (std::ranges::find(depths, l) == depths.end()) continue;
    const std::vector<double> logs = product.log10_singular_values();
    run.directions[l] = count_directions(logs);
    run.largest = logs.front(), run.median = logs[kept / 2], run.smallest = logs[kept - 1];
  }
  return run;
}

}  // namespace plumbline
