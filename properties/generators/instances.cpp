#include "properties/generators/instances.hpp"

#include <random>

#include "plumbline/spec/parameters.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline::properties {
namespace {

int draw(int least, int most) { return *rc::gen::inRange(least, most + 1); }

std::mt19937_64 draw_bits() {
  return std::mt19937_64(*rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>()));
}

double uniform(std::mt19937_64& bits) { return (static_cast<double>(bits() >> 43) - 1048576.0) / 1048576.0; }

Matrix<double> uniform_matrix(std::mt19937_64& bits, int rows, int cols) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = uniform(bits);
  return x;
}

double draw_eps() { return *rc::gen::element(1e-12, 1e-6, 1e-5, 1e-3, 0.1); }

}  // namespace

Sizes draw_sizes() {
  const int n_kv_heads = 2, n_heads = n_kv_heads * draw(1, 2), head_dim = 4;
  return {draw(5, 9), draw(3, 5), 1, n_heads, n_kv_heads, head_dim, draw(3, 7)};
}

Regime draw_regime() {
  const Regime regime =
      *rc::gen::element(Regime::plain, Regime::offset, Regime::tiny, Regime::large, Regime::spike);
  RC_CLASSIFY(regime == Regime::plain, "plain rows");
  RC_CLASSIFY(regime == Regime::offset, "rows with an offset");
  RC_CLASSIFY(regime == Regime::tiny, "rows of tiny variance");
  RC_CLASSIFY(regime == Regime::large, "large rows");
  RC_CLASSIFY(regime == Regime::spike, "rows with a spike");
  return regime;
}

BlockSpec draw_layout(std::string_view layout, NormKind kind) {
  const Sizes n = draw_sizes();
  BlockSpec s = find_preset(layout).make(
      {.d = n.d, .n_heads = n.n_heads, .n_kv_heads = n.n_kv_heads, .head_dim = n.head_dim, .d_ff = n.d_ff});
  s = with_layout(s, layout, {.kind = kind, .eps = draw_eps(), .bias = kind == NormKind::layer_norm});
  s.final_norm.reset();
  return s;
}

BlockSpec draw_norm(NormKind kind) {
  BlockSpec s;
  s.part = Part::norm;
  s.d = draw(5, 12);
  s.attn_norms.in = NormSpec{.kind = kind, .eps = draw_eps(), .bias = kind == NormKind::layer_norm};
  return s;
}

Instance draw_instance(const BlockSpec& spec, int tokens) {
  std::mt19937_64 bits = draw_bits();
  Parameters<I> parameters;
  for (const auto& [name, rows, cols] : parameter_shapes(spec)) {
    Matrix<double> p = uniform_matrix(bits, rows, cols);
    if (name.find("norm") != std::string::npos && name.ends_with(".weight"))
      p = (p.array() * 0.5 + 1.25).matrix();
    parameters[name] = cast<I>(p);
  }
  Matrix<double> x = uniform_matrix(bits, tokens, spec.d);
  x = in_regime(std::move(x), draw_regime());
  return {spec, parameters, cast<I>(x)};
}

Instance draw_instance(const BlockSpec& spec) { return draw_instance(spec, draw(3, 5)); }

Matrix<I> draw_matrix(int rows, int cols) {
  std::mt19937_64 bits = draw_bits();
  return cast<I>(uniform_matrix(bits, rows, cols));
}

}  // namespace plumbline::properties
