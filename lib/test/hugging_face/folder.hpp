// Small folders of models, written by hand.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "plumbline/base/error.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/safetensors.hpp"

namespace plumbline {

// A folder of this process, gone afterwards.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(testing::TempDir() + "plumbline-" + name + "-" + std::to_string(::getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const nlohmann::json& json) const {
    write_bytes(file(name), json.dump());
  }
  void write(const Container& c, const std::string& name = "model.safetensors") const {
    write_container(c, file(name));
  }

 private:
  std::string path_;
};

// A configuration with other keys besides; what every model says of its widths, by the usual keys; and why a
// configuration is refused, or nothing.
inline nlohmann::json with(nlohmann::json config, const nlohmann::json& more) {
  config.update(more);
  return config;
}
inline nlohmann::json usual(const char* type) {
  return {{"model_type", type},       {"hidden_size", 12},  {"num_hidden_layers", 8},
          {"num_attention_heads", 3}, {"head_dim", 4},      {"num_key_value_heads", 1},
          {"intermediate_size", 5},   {"sliding_window", 7}};
}
inline std::string refusal_of(const nlohmann::json& config, int l = 0) {
  try {
    spec_of_config(config, l, "c");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Why the parameters of a layer cannot be read, or nothing.
inline std::string trouble_with(const Folder& folder, int l = 0) {
  try {
    Checkpoint(folder.path()).parameters(l);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Entry (i, j) is 100 i + j, and `first` more: it says where it stood.
inline Matrix<double> numbered(int rows, int cols, double first = 0) {
  Matrix<double> x(rows, cols);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < cols; ++j) x(i, j) = first + 100 * i + j;
  return x;
}
inline StoredTensor stored_matrix(const Matrix<double>& x, Dtype dtype = Dtype::f32) {
  return stored(x, dtype, {x.rows(), x.cols()});
}
inline StoredTensor stored_vector(const Matrix<double>& x, Dtype dtype = Dtype::f32) {
  return stored(x, dtype, {x.cols()});
}

// Of two layers that read each other's names wrongly if anybody does.
inline nlohmann::json llama_config() {
  return {{"model_type", "llama"},        {"hidden_size", 6},         {"num_hidden_layers", 2},
          {"num_attention_heads", 2},     {"num_key_value_heads", 1}, {"head_dim", 4},
          {"intermediate_size", 5},       {"rms_norm_eps", 1e-5},     {"rope_theta", 5000.0},
          {"max_position_embeddings", 9}, {"torch_dtype", "float32"}, {"vocab_size", 11}};
}
inline Container llama_tensors(const std::string& prefix = "model.", Dtype dtype = Dtype::f32) {
  Container c;
  for (int l = 0; l < 2; ++l) {
    const std::string layer = prefix + "layers." + std::to_string(l) + ".";
    const auto matrix = [&](const char* name, int rows, int cols) {
      c.tensors[layer + name + ".weight"] = stored_matrix(numbered(rows, cols, l) / 1024, dtype);
    };
    matrix("self_attn.q_proj", 8, 6);
    matrix("self_attn.k_proj", 4, 6);
    matrix("self_attn.v_proj", 4, 6);
    matrix("self_attn.o_proj", 6, 8);
    matrix("mlp.gate_proj", 5, 6);
    matrix("mlp.up_proj", 5, 6);
    matrix("mlp.down_proj", 6, 5);
    c.tensors[layer + "input_layernorm.weight"] = stored_vector(numbered(1, 6, 1), dtype);
    c.tensors[layer + "post_attention_layernorm.weight"] = stored_vector(numbered(1, 6, 2), dtype);
  }
  c.tensors[prefix + "norm.weight"] = stored_vector(numbered(1, 6, 3), dtype);
  c.tensors["lm_head.weight"] = stored_matrix(numbered(11, 6), dtype);
  return c;
}

}  // namespace plumbline
