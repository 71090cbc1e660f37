// What the names and shapes of a black box's parameters tell of it: sizes, gates and biases, and which norms
// exist. Where a norm of the residual stream sits is not certain from its name, and is searched for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/block/block_spec.hpp"

namespace plumbline::identify {

// A parameter as the black box has it: [out, in] of a projection, [n] of a norm or a bias.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Where in a layer a norm of the stream can stand.
enum class NormPlace { nowhere, shared_in, attn_in, attn_out, attn_post, ffn_in, ffn_out, ffn_post };

// Which parameters a norm has: gamma, beta, the alpha of a dynamic tanh.
struct NormParameters {
  bool gain = false, bias = false, alpha = false;
  // Whether it has one.
  bool any() const { return gain || bias || alpha; }
};
// What they tell of the norm: whether it is a dynamic tanh. Else its kind is a guess that answers put right.
// And the parameters of a norm.
NormSpec declared_norm(const NormParameters& parameters);
inline NormParameters parameters_of(const NormSpec& n) { return {n.gain, n.bias, has_alpha(n)}; }

// A norm that every layer has, by what its parameters are called within the layer.
struct StreamNorm {
  std::string name;
  std::optional<NormPlace> hint;  // where it stands, if its name is to be believed
  NormParameters has = {};
};

// What is known beside the shapes; everything may follow from them, save how many heads there are.
struct KnownSizes {
  std::optional<int> d = {}, n_heads = {}, n_kv_heads = {}, head_dim = {};
};

// What is known of a box before it is asked.
struct Anatomy {
  BlockSpec spec;                 // its part, sizes, kinds and biases; norms on q and k, mid and final ones
  std::vector<int> head_dims;     // how wide a head can be
  std::vector<StreamNorm> norms;  // of each layer
  std::vector<Tensor> tensors;
  // What a parameter is here, by the box's name. Its own name is a spec's, save that norm k of the stream in
  // layer i is "layers.<i>.norm<k>", wherever it stands.
  std::map<std::string, ParameterShape> ours;
};

// Names are split at dots: the last word is "weight", "bias" or "alpha", the first number is the layer. Known
// are the names of block/parameter_shapes.hpp and what common frameworks call the same. Throws Error with the
// name of the parameter.
Anatomy anatomy_of(const std::vector<Tensor>& tensors, const KnownSizes& known);

// What norm `number` of the stream in that layer is called in Anatomy::ours: "layers.3.norm1".
std::string stream_norm(int layer, int number);

}  // namespace plumbline::identify
