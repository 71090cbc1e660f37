// A preset is what is read of a published config.json of its model: two texts of the same facts, which were
// written apart.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plumbline/hugging_face/model.hpp"
#include "plumbline/hugging_face/reading.hpp"
#include "plumbline/spec/preset_files.hpp"

namespace plumbline {
namespace {

// The layer with the model's final norm.
BlockSpec read_layer(const nlohmann::json& config, int l) {
  Config c(config, "config.json");
  const std::string type = c.text({"model_type"});
  BlockSpec s = find_model(c).layer(c, l);
  c.ignore({"num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"});
  c.finish("model type " + type);
  return s;
}

// One number by two rules: 1 / sqrt(value), where the value is head_dim.
BlockSpec with_usual_scale(BlockSpec s) {
  ScaleSpec& scale = s.attention.scale;
  if (scale.rule == ScaleRule::inv_sqrt_scalar && scale.value == s.attention.head_dim)
    scale.rule = ScaleRule::inv_sqrt_head_dim, scale.value.reset();
  return s;
}

std::string differences(const BlockSpec& preset, const BlockSpec& read) {
  return Json::diff(to_json(preset), to_json(read)).dump();
}

// The preset in the dimensions of what was read, all of them or those alone from which others follow.
Dimensions dimensions_of(const BlockSpec& s, bool all) {
  const AttentionSpec& a = s.attention;
  return {.d = s.d,
          .n_layers = s.n_layers,
          .n_heads = a.n_heads,
          .n_kv_heads = all ? a.n_kv_heads : 0,
          .head_dim = a.head_dim,
          .d_ff = s.ffn.d_ff};
}

TEST(PresetsOfHuggingFace, AreWhatIsReadOfAConfiguration) {
  int compared = 0;
  for (const Preset& p : presets()) {
    if (p.is_layout || p.file->hugging_face.empty()) continue;
    const nlohmann::json said = nlohmann::json::parse(p.file->hugging_face.dump());
    const BlockSpec read = with_usual_scale(read_layer(said.at("config"), said.value("layer", 0)));
    for (const bool all : {true, false})
      EXPECT_EQ(differences(p.make(dimensions_of(read, all)), read), "[]") << p.name;
    ++compared;
  }
  EXPECT_GE(compared, 71);
}

// The comparison can fail: another window, another base, another norm.
TEST(PresetsOfHuggingFace, DifferWhereAConfigurationSaysSomethingElse) {
  const Preset& p = find_preset("mistral");
  const nlohmann::json right = nlohmann::json::parse(p.file->hugging_face.dump()).at("config");
  for (const auto& [key, value] : {std::pair<const char*, nlohmann::json>("sliding_window", 4095),
                                   {"sliding_window", nullptr},
                                   {"rope_theta", 10001},
                                   {"rms_norm_eps", 1e-6}}) {
    nlohmann::json wrong = right;
    wrong[key] = value;
    const BlockSpec read = read_layer(wrong, 0);
    EXPECT_NE(differences(p.make(dimensions_of(read, true)), read), "[]") << key;
  }
}

}  // namespace
}  // namespace plumbline
