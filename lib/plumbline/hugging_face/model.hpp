// The types of models whose layers a spec says: for each how its configuration is read, and what its
// parameters are called in files.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"
#include "plumbline/hugging_face/config.hpp"
#include "plumbline/hugging_face/packing.hpp"

namespace plumbline {

// A module of a layer by both its names, where .weight and .bias follow; or one parameter by its whole names.
// Where there are several rows for one of ours, the file has the one or the other. `*` is the number of an
// expert; where ours has it and theirs has not, all experts lie in one tensor, one behind the other.
struct Named {
  std::string_view ours, theirs;  // "attn.q_proj", "self_attn.q_proj"; "attn.sink", "self_attn.sinks"
  Piece piece = Piece::whole;
  bool in_out = false;             // weights are [in, out]
  bool is_of_first_layer = false;  // all layers share that of layer 0
};

// Two lists of names, one behind the other.
template <std::size_t n, std::size_t m>
constexpr std::array<Named, n + m> joined(const std::array<Named, n>& a, const std::array<Named, m>& b) {
  std::array<Named, n + m> out{};
  for (std::size_t i = 0; i < n + m; ++i) out[i] = i < n ? a[i] : b[i - n];
  return out;
}

// A type of models.
struct Model {
  std::string_view type;  // as config.json calls it
  // The spec of layer l, with the model's final norm. Throws Error as Config does.
  BlockSpec (*layer)(Config& c, int l);
  std::string_view layers;      // where layer l stands, before ".l."
  std::string_view final_norm;  // beside the layers
  std::span<const Named> names;
  QkvPacking qkv = QkvPacking::concat;
  bool weights_in_out = false;  // Conv1D of transformers: weights are [in, out]
};

// The families, each in a file of its own.
std::span<const Model> encoder_models();
std::span<const Model> fused_models();
std::span<const Model> gated_models();
std::span<const Model> gpt_models();
std::span<const Model> latent_models();
std::span<const Model> output_norm_models();
std::span<const Model> qwen_moe_models();
std::span<const Model> sigmoid_moe_models();
std::span<const Model> softmax_moe_models();
std::span<const Model> squared_models();
std::span<const Model> t5_models();

// That of model_type. Throws Error naming the file and the types that are known, where it is none of these.
const Model& find_model(Config& c);

}  // namespace plumbline
