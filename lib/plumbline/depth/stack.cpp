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

// Norms on queries, keys and values of each head, none on the stream before attention; the feed-forward's
// norm is on the stream itself.
void hybrid(BlockSpec& layer, const NormSpec& norm, int, int) {
  layer = with_layout(layer, "pre_norm", norm);
  NormSpec of_heads = norm;
  of_heads.width = NormWidth::head_dim;
  AttentionNorms& n = layer.norm_slots.attn;
  n.in.reset();
  n.q = n.k = n.v = of_heads;
  layer.residual_source = ResidualSource::normed;
}

// Several streams around the sublayers of pre_norm, or post_norm.
void streams(BlockSpec& layer, const NormSpec& norm, StreamRule rule) {
  layer = with_layout(layer, rule == StreamRule::resi_dual ? "post_norm" : "pre_norm", norm);
  layer.streams = StreamsSpec{.rule = rule};
  if (!mixes(*layer.streams)) layer.streams->count = 2;
  if (norms_streams(*layer.streams)) layer.streams->norm = norm;
  if (rule == StreamRule::mhc_lite) layer.streams->head = StreamHead::sum;
}
template <StreamRule rule>
void with_streams(BlockSpec& layer, const NormSpec& norm, int, int) {
  streams(layer, norm, rule);
}
void siamese(BlockSpec& layer, const NormSpec& norm, int l, int) {
  streams(layer, norm, StreamRule::siamese);
  layer.branch_scale = 1 / std::sqrt(2 * (l + 1.0));
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
     alike<pre>, one_over_root_of_depth},
    {"hybrid_norm", "u = x + Attn(x) with norms on q, k and v; N(u) + FFN(N(u))", "arXiv 2503.04598", true,
     hybrid},
    {"resi_dual", "X₁: N(X₁ + b), X₂: X₂ + b, b = F(X₁); in the end X₁ + N(X₂)", "arXiv 2304.14802", true,
     with_streams<StreamRule::resi_dual>},
    {"siamese",
     "X₁: P X₁ + b/√(2 l), X₂: X₂ + b, b = F(N(P X₁ + R X₂)), P and R norms; in the end N(P X₁ + R X₂)",
     "arXiv 2602.08064", true, siamese},
    {"mhc", "X_k: Σ C_jk X_j + w_k b, b = F(N(Σ r_i X_i)), four streams, C balanced by 20 steps of Sinkhorn",
     "arXiv 2512.24880", true, with_streams<StreamRule::mhc>},
    {"mhc_lite", "X_k: Σ C_jk X_j + w_k b, b = F(N(Σ r_i X_i)), four streams, C a mean of permutations",
     "arXiv 2601.05732", true, with_streams<StreamRule::mhc_lite>}};

bool writes_to_branch(Module m) {
  return m == Module::v_proj || m == Module::o_proj || m == Module::gate_proj || m == Module::up_proj ||
         m == Module::down_proj;
}

double deviation(const StackSettings& s, const ParameterShape& p) {
  if (p.module == Module::mixer) return 0.02;
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

// What a sublayer reads of one stream more than of the others, l of the mixer counting the sublayers; and C
// nearly I, the first of all permutations.
void begin_as_mhc_lite(Parameters<double>& out, const std::string& mixer, int streams, int l) {
  out.at(mixer + "scale").setConstant(0.01);
  Matrix<double>& bias = out.at(mixer + "bias");
  bias.leftCols(streams).setConstant(-1);
  bias(0, l % streams) = 1;
  bias.rightCols(bias.cols() - 2 * streams).setConstant(-8);
  bias(0, 2 * streams) = 0;
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
    if (layer.streams) layer.part = Part::block;
    layer.final_norm.reset();
    layer.ffn.activation = s.activation;
    out.push_back(layer);
  }
  return out;
}

BlockSpec end_of(const StackSettings& s) {
  BlockSpec out;
  if (!s.layout->has_final_norm) return out;
  s.layout->place_norms(out, norm_of(s), 0, s.n_layers);
  const std::optional<StreamsSpec> streams = out.streams;
  out = {};
  out.d = s.d;
  if (streams) {
    out.part = Part::collapse;
    out.streams = streams;
    out.final_norm = norm_of(s);
  } else {
    out.part = Part::norm;
    out.norm_slots.attn.in = norm_of(s);
  }
  return out;
}

Parameters<double> initial_parameters(const StackSettings& s, const BlockSpec& layer, int l, Draw& draw) {
  Parameters<double> out;
  for (const ParameterShape& p : parameter_shapes(layer)) {
    const double gain = s.layout->gain && p.is_of_norm() ? s.layout->gain(l) : 1;
    if (p.role == Role::weight)
      out[p.name] = draw.matrix(p.rows, p.cols, deviation(s, p));
    else
      out[p.name] = Matrix<double>::Constant(p.rows, p.cols, p.role == Role::gain ? gain : 0);
  }
  if (layer.streams && layer.streams->rule == StreamRule::mhc_lite && is_block(layer))
    for (int i : {0, 1})
      begin_as_mhc_lite(out, std::string("layers.0.") + (i ? "ffn" : "attn") + ".mixer.",
                        layer.streams->count, 2 * l + i);
  return out;
}

}  // namespace plumbline
