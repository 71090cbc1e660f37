// A model in a Hugging Face folder: what each layer computes, and its parameters, as specs and questions have
// them. Reads config.json at once, tensors a layer at a time.
#pragma once

#include <nlohmann/json.hpp>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/tensor_folder.hpp"
#include "plumbline/hugging_face/text_model.hpp"

namespace plumbline {

// What layer l of a model computes, a block by itself: layers of one model may differ in windows and
// positions. `file` is named in messages. Throws Error, with the key, what was expected and what was found,
// where the configuration says what no spec does.
BlockSpec spec_of_config(const nlohmann::json& config, int l = 0, const std::string& file = "config.json");

// An open folder.
class Checkpoint {
 public:
  // In place of the number of a layer: the norm behind the last one.
  static constexpr int final_norm = -1;

  // Throws Error naming the file and the key where that is no folder of a model of which a spec says a layer.
  explicit Checkpoint(const std::string& folder);

  // Where it is, the type as config.json says it, and how many layers it has.
  const std::string& folder() const { return folder_; }
  std::string_view model_type() const { return model_->type; }
  int layers() const { return layers_; }
  // The spec of a layer, or of the final norm as a part; each is 0 <= l < layers(), or final_norm. Throws
  // Error where the model has none.
  BlockSpec spec(int l) const;
  // Its parameters by Plumbline's names, exactly as they are stored. Throws Error naming the file, the
  // tensor, what was expected and what was found: a tensor is missing, of another shape or type, or stands in
  // the layer but not in the spec.
  Parameters<double> parameters(int l) const;

 private:
  // Opened when parameters are asked for: what a layer computes, the configuration says alone.
  struct Tensors {
    TensorFolder files;
    std::string prefix;  // of all names: "", "model.", "transformer.", ...
  };
  const Tensors& tensors() const;
  Config text_config() const;
  Parameters<double> parameters_of_final_norm() const;
  bool is_said(int l) const;  // whether a spec says that layer

  std::string folder_, config_file_;
  nlohmann::json config_;
  TextModel text_;  // within it
  const Model* model_;
  int layers_, first_said_ = 0;
  mutable std::optional<Tensors> tensors_;
};

}  // namespace plumbline
