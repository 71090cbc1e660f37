#include "reports/chains/gradient_chain.hpp"

namespace plumbline::reports {
namespace {

using Stream = Matrix<Mp50>;

Stream through_final_norm(const Stream& x, const Stream& cotangent) {
  BlockSpec norm;
  norm.part = Part::norm;
  norm.d = static_cast<int>(x.cols());
  norm.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  return gradients(norm, {}, x, cotangent).x;
}

void silence_attention(Parameters<Mp50>& p) { p.at("layers.0.attn.o_proj.weight").setConstant(Mp50(0)); }

Mp50 root_mean_square(const Stream& x) { return length(x) / sqrt(Mp50(static_cast<int>(x.size()))); }

}  // namespace

GradientChain gradient_chain(const GradientSettings& s) {
  Bits bits(s.seed);
  const BlockSpec layer = layer_of(s.layout, s.d, s.n_heads, s.d_ff, s.activation);
  std::vector<Parameters<Mp50>> parameters(s.n_layers);
  std::vector<Stream> x{unit_variance(bits, s.tokens, s.d)};
  GradientChain chain{.settings = s,
                      .gradient = std::vector<Mp50>(s.n_layers + 1),
                      .weight = std::vector<Mp50>(s.n_layers + 1),
                      .stream = {root_mean_square(x[0])},
                      .written = {0}};
  for (auto& p : parameters) {
    p = xavier(bits, layer);
    if (!s.attention) silence_attention(p);
    x.push_back(evaluate(layer, p, x.back()));
    chain.stream.push_back(root_mean_square(x.back()));
    chain.written.push_back(length(Stream(x.back() - x[x.size() - 2])) / length(x[x.size() - 2]));
  }
  Stream g = unit_variance(bits, s.tokens, s.d);
  if (s.layout == "pre_norm") g = through_final_norm(x.back(), g);
  for (int l = s.n_layers; l > 0; --l) {
    chain.gradient[l] = length(g);
    const Gradients<Mp50> back = gradients(layer, parameters[l - 1], x[l - 1], g);
    chain.weight[l] = length(back.parameters.at("layers.0.ffn.down_proj.weight"));
    g = back.x;
  }
  chain.gradient[0] = length(g);
  return chain;
}

}  // namespace plumbline::reports
