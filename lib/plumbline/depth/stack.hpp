// Deep stacks: which block each layer is, by the layout, and with which weights training begins.
#pragma once

#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/block/evaluate.hpp"
#include "plumbline/cases/drawing.hpp"

namespace plumbline {

// A layout of a stack of L layers. Most have all layers alike; mix_ln changes on the way.
struct StackLayout {
  std::string_view name, formula, source;
  bool has_final_norm;
  // Puts the norm where layer l of L has it, l = 0 at the bottom.
  void (*place_norms)(BlockSpec& layer, const NormSpec& norm, int l, int n_layers);
  // What the gains of that layer begin with; 1 where there is none.
  double (*gain)(int l) = nullptr;
};

// pre_norm, post_norm, deep_norm, keel, sandwich, output_norm, parallel, mix_ln, layer_norm_scaling,
// hybrid_norm, and of several streams resi_dual, siamese, mhc, mhc_lite.
std::span<const StackLayout> stack_layouts();
// Throws Error, naming the nearest known one, where there is none of that name.
const StackLayout& find_stack_layout(std::string_view name);

// Weights have mean 0 and nearly normal entries (Draw), biases are 0, gains are 1.
//   xavier: variance 2 / (rows + columns); that of deepnorm is (8 L)^(-1/2) times it for v, o and the
//     feed-forward
//   gpt2: standard deviation 0.02, of o_proj and down_proj 0.02 / sqrt(2 L)
// Where streams are mixed, these weights have the standard deviation 0.02 whatever the initialisation, scales
// are 1 and biases 0; of mhc_lite scales are 0.01, and biases such that a sublayer reads one stream more than
// the others and C is nearly I.
//   source: Glorot and Bengio 2010; arXiv 2203.00555, 2601.05732; github.com/openai/gpt-2;
//     huggingface/transformers modeling_deepseek_v4; FFTYYY/mhc-lite
enum class Initialisation { xavier, gpt2, deepnorm };
PLUMBLINE_NAMES(Initialisation, {xavier, "xavier"}, {gpt2, "gpt2"}, {deepnorm, "deepnorm"})

// What all layers of a stack have in common.
struct StackSettings {
  const StackLayout* layout;
  int n_layers = 1, d = 64, n_heads = 4, d_ff = 256;
  NormKind norm = NormKind::layer_norm;
  Activation activation = Activation::gelu_tanh;
  Initialisation initialisation = Initialisation::xavier;
};

// The specs of the layers, from the bottom to the top: each of a stack of one layer, or a block where there
// are several streams, so that its parameters are called "layers.0.…".
std::vector<BlockSpec> layers_of(const StackSettings& settings);
// What stands behind the last layer, as a part: the norm, or what becomes of several streams; d = 0 where
// there is nothing.
BlockSpec end_of(const StackSettings& settings);

// How all residual streams begin: as x, side by side. And the sum of so many streams, which takes a gradient
// in all of them to that in x.
//   shapes: x [n, d] -> [n, streams d], and back
template <class S>
Matrix<S> as_streams(int streams, const Matrix<S>& x) {
  return x.replicate(1, streams);
}
template <class S>
Matrix<S> sum_of_streams(int streams, const Matrix<S>& x) {
  const Eigen::Index d = x.cols() / streams;
  Matrix<S> sum = x.leftCols(d);
  for (int k = 1; k < streams; ++k) sum += x.middleCols(k * d, d);
  return sum;
}

// The parameters of layer l, which `layer` is, drawn one after another.
Parameters<double> initial_parameters(const StackSettings& settings, const BlockSpec& layer, int l,
                                      Draw& draw);

}  // namespace plumbline
