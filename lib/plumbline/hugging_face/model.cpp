#include "plumbline/hugging_face/model.hpp"

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"

namespace plumbline {

const Model& find_model(Config& c) {
  const std::string type = c.text({"model_type"});
  std::vector<std::string_view> known;
  for (const auto family :
       {encoder_models(), fused_models(), gated_models(), gpt_models(), latent_models(), output_norm_models(),
        qwen_moe_models(), sigmoid_moe_models(), softmax_moe_models(), squared_models(), t5_models()})
    for (const Model& model : family) {
      if (model.type == type) return model;
      known.push_back(model.type);
    }
  std::string all;
  for (const std::string_view name : known) all += (all.empty() ? "" : ", ") + std::string(name);
  c.fail("model_type", "one of " + all, shown(type));
}

}  // namespace plumbline
