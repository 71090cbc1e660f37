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

// pre_norm, post_norm, deep_norm, keel, sandwich, output_norm, parallel, mix_ln, layer_norm_scaling.
std::span<const StackLayout> stack_layouts();
// Throws Error, naming the nearest known one, where there is none of that name.
const StackLayout& find_stack_layout(std::string_view name);

// Weights have mean 0 and nearly normal entries (Draw), biases are 0, gains are 1.
//   xavier: variance 2 / (rows + columns); that of deepnorm is (8 L)^(-1/2) times it for v, o and the
//     feed-forward
//   gpt2: standard deviation 0.02, of o_proj and down_proj 0.02 / sqrt(2 L)
//   source: Glorot and Bengio 2010; arXiv 2203.00555; github.com/openai/gpt-2
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

// The specs of the layers, from the bottom to the top: each of a stack of one layer, so that its parameters
// are called "layers.0.…".
std::vector<BlockSpec> layers_of(const StackSettings& settings);
// The norm behind the last layer, as a part; d = 0 where there is none.
BlockSpec final_norm_of(const StackSettings& settings);

// The parameters of layer l, which `layer` is, drawn one after another.
Parameters<double> initial_parameters(const StackSettings& settings, const BlockSpec& layer, int l,
                                      Draw& draw);

}  // namespace plumbline
