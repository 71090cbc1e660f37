// A model of the next byte of a text over a deep stack, whose blocks are the library's own.
#pragma once

#include <string>
#include <vector>

#include "plumbline/depth/stack.hpp"

namespace plumbline {

inline constexpr int byte_count = 256;

// All tensors that are trained, in one order: the embedding of bytes [256, d], of positions [tokens, d], the
// layers' from the bottom to the top, the final norm's, the output matrix [256, d].
struct Trained {
  std::string name;  // "byte_embedding", "layers.3.attn.q_proj.weight", ...
  int layer;         // -1: none
  Matrix<float> value;
};

// What a step knows of the layers, from the bottom to the top.
struct LayerTrace {
  std::vector<double> stream_rms = {};  // root mean square of the stream behind each layer
  std::vector<double> largest = {};     // its largest entry over that
  std::vector<double> directions =
      {};                             // (tr S)^2 / tr S^2 of its rows' second moments S: how many are in use
  std::vector<double> gradient = {};  // length of the gradient in the layer's parameters
};

// The loss and its gradient in each parameter, in their order.
struct Loss {
  double value;
  std::vector<Matrix<float>> gradients;
};

// The model with its parameters.
//   formula: x_t = E_byte[b_t] + E_position[t]; y = N(layers(x)); logits = y U^T; the mean over all positions
//   of
//     -log softmax(logits)_{b_(t+1)}, in nats
//   units: float, in the arithmetic of Repeatable: the same bits on every x86-64 machine
class LanguageModel {
 public:
  // Draws its parameters. Of embeddings the variance is 1, or with gpt2 0.02^2; the output matrix has that of
  // the initialisation. Throws Error where the layers need what Repeatable has not.
  LanguageModel(const StackSettings& settings, int tokens, std::uint64_t seed);

  // All of them; whoever changes a value leaves its shape.
  std::vector<Trained>& parameters() { return parameters_; }
  const std::vector<Trained>& parameters() const { return parameters_; }

  // Of sequences of tokens + 1 bytes each. `trace` is filled where somebody asks.
  Loss loss(const std::vector<std::string>& sequences, LayerTrace* trace = nullptr) const;

 private:
  struct Layer {
    BlockSpec spec;
    std::vector<std::pair<std::string, std::size_t>>
        parameters;  // their names in the block, and their places
  };
  std::size_t add(std::string name, int layer, Matrix<float> value);
  void add_layer(const BlockSpec& spec, const Parameters<double>& initial, int l);
  Matrix<float> embedded(const std::vector<std::string>& sequences) const;
  void add_gradients_of_embedding(const std::vector<std::string>& sequences, const Matrix<float>& of_x,
                                  std::vector<Matrix<float>>& gradients) const;

  int tokens_, streams_ = 1;
  std::vector<Trained> parameters_;
  std::vector<Layer> layers_;  // the final norm is the last, where there is one
  std::size_t bytes_ = 0, positions_ = 0, output_ = 0;
};

}  // namespace plumbline
