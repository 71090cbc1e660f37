#include "plumbline/depth/stack.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "plumbline/base/nearest.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

template <const auto& preset>
void alike(BlockSpec& layer, const NormSpec& norm, int, int) {
  layer = with_layout(layer, preset, norm);
}

// Both norms, and a stream that is multiplied by the number of sublayers.
void keel(BlockSpec& layer, const NormSpec& norm, int, int n_layers) {
  layer = with_layout(layer, "pre_norm", norm);
  layer.norm_slots.attn.post = layer.norm_slots.ffn.post = norm;
  layer.residual_scale = 2.0 * n_layers;
}

// The first quarter as post_norm, the others as pre_norm.
void mix_ln(BlockSpec& layer, const NormSpec& norm, int l, int n_layers) {
  layer = with_layout(layer, 4 * l < n_layers ? "post_norm" : "pre_norm", norm);
}

double one_over_root_of_depth(int l) { return 1 / std::sqrt(l + 1.0); }

constexpr char pre[] = "pre_norm", post[] = "post_norm", deep[] = "deep_norm", both[] = "sandwich",
               output[] = "output_norm", side[] = "parallel";

constexpr StackLayout layouts[] = {
    {pre, "x + F(N(x))", "arXiv 2002.04745", true, alike<pre>},
    {post, "N(x + F(x))", "arXiv 1706.03762", false, alike<post>},
    {deep, "N(α x + F(x)), α = (2 L)^(1/4)", "arXiv 2203.00555", false, alike<deep>},
    {"keel", "N(α x + F(N(x))), α = 2 L", "arXiv 2601.19895", false, keel},
    {both, "x + N(F(N(x)))", "arXiv 2502.02732", true, alike<both>},
    {output, "x + N(F(x))", "arXiv 2501.00656", true, alike<output>},
    {side, "x + Attn(N(x)) + FFN(N(x))", "github.com/kingoflolz/mesh-transformer-jax", true, alike<side>},
    {"mix_ln", "N(x + F(x)) in the first quarter of the layers, x + F(N(x)) in the others",
     "arXiv 2412.13795", true, mix_ln},
    {"layer_norm_scaling", "x + F(N(x)), gains of layer l begin with 1/√l", "arXiv 2502.05795", true,
     alike<pre>, one_over_root_of_depth}};

bool writes_to_branch(Module m) {
  return m == Module::v_proj || m == Module::o_proj || m == Module::gate_proj || m == Module::up_proj ||
         m == Module::down_proj;
}

double deviation(const StackSettings& s, const ParameterShape& p) {
  const double xavier = std::sqrt(2.0 / (p.rows + p.cols));
  switch (s.initialisation) {
    case Initialisation::xavier: break;
    case Initialisation::gpt2:
      return p.module == Module::o_proj || p.module == Module::down_proj ? 0.02 / std::sqrt(2.0 * s.n_layers)
                                                                         : 0.02;
    case Initialisation::deepnorm:
      return writes_to_branch(p.module) ? xavier / std::sqrt(std::sqrt(8.0 * s.n_layers)) : xavier;
  }
  return xavier;
}

NormSpec norm_of(const StackSettings& s) { return {.kind = s.norm, .bias = s.norm == NormKind::layer_norm}; }

}  // namespace

std::span<const StackLayout> stack_layouts() { return layouts; }

const StackLayout& find_stack_layout(std::string_view name) {
  std::vector<std::string_view> names;
  for (const StackLayout& layout : layouts) {
    if (layout.name == name) return layout;
    names.push_back(layout.name);
  }
  throw Error("unknown layout \"" + std::string(name) + "\"; " + suggestion(name, names));
}

std::vector<BlockSpec> layers_of(const StackSettings& s) {
  std::vector<BlockSpec> out;
  for (int l = 0; l < s.n_layers; ++l) {
    BlockSpec layer =
        find_preset(pre).make({.d = s.d, .n_layers = s.n_layers, .n_heads = s.n_heads, .d_ff = s.d_ff});
    s.layout->place_norms(layer, norm_of(s), l, s.n_layers);
    layer.n_layers = 1;
    layer.final_norm.reset();
    layer.ffn.activation = s.activation;
    out.push_back(layer);
  }
  return out;
}

BlockSpec final_norm_of(const StackSettings& s) {
  BlockSpec out;
  if (!s.layout->has_final_norm) return out;
  out.part = Part::norm;
  out.d = s.d;
  out.norm_slots.attn.in = norm_of(s);
  return out;
}

Parameters<double> initial_parameters(const StackSettings& s, const BlockSpec& layer, int l, Draw& draw) {
  Parameters<double> out;
  for (const ParameterShape& p : parameter_shapes(layer)) {
    const double gain = s.layout->gain ? s.layout->gain(l) : 1;
    if (p.role == Role::weight)
      out[p.name] = draw.matrix(p.rows, p.cols, deviation(s, p));
    else
      out[p.name] = Matrix<double>::Constant(p.rows, p.cols, p.role == Role::gain ? gain : 0);
  }
  return out;
}

}  // namespace plumbline
