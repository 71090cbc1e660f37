// A model that reads images has a model of text within, and that one's layers are what is read.
#include "plumbline/hugging_face/text_model.hpp"

#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

json within(const char* type, json text) {
  return {{"model_type", type}, {"text_config", std::move(text)}, {"vision_config", json::object()}};
}

TEST(TextModel, IsReadAsIfItStoodAlone) {
  EXPECT_EQ(spec_of_config(within("llava", llama_config())), spec_of_config(llama_config()));
  json unnamed = llama_config();
  unnamed.erase("model_type");
  EXPECT_EQ(spec_of_config(within("idefics3", unnamed)), spec_of_config(llama_config()));
}

// What Gemma 3 publishes: sizes that its class has are left out, and only of every sixth layer frequencies
// are scaled.
TEST(TextModel, SizesThatAreLeftOutAreThoseOfItsClass) {
  const json config = within("gemma3", {{"model_type", "gemma3_text"},
                                        {"hidden_size", 2560},
                                        {"intermediate_size", 10240},
                                        {"num_hidden_layers", 34},
                                        {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}},
                                        {"sliding_window", 1024}});
  const BlockSpec near = spec_of_config(config, 0), far = spec_of_config(config, 5);
  EXPECT_EQ(near.d, 2560);
  EXPECT_EQ(near.attention.n_heads, 8);
  EXPECT_EQ(near.attention.n_kv_heads, 4);
  EXPECT_EQ(near.attention.head_dim, 256);
  EXPECT_EQ(near.attention.mask.window, 1024);
  EXPECT_FALSE(near.position.rope->scaling);
  EXPECT_FALSE(far.attention.mask.window);
  EXPECT_EQ(far.position.rope->scaling->factor, 8);
  EXPECT_EQ(spec_of_config(within("mistral3", {{"hidden_size", 5120}})).attention.n_kv_heads, 8);
  EXPECT_EQ(
      spec_of_config(
          within("internvl", {{"hidden_size", 896}, {"num_attention_heads", 14}, {"num_key_value_heads", 2}}))
          .attention.head_dim,
      64);
}

// What Qwen 2.5 VL publishes; a text's positions are alike in all sections.
TEST(TextModel, StoodBesideTheImagesOnce) {
  const json flat =
      with(usual("qwen2_5_vl"), {{"rope_scaling", {{"type", "mrope"}, {"mrope_section", {1, 1}}}},
                                 {"rope_theta", 1e6},
                                 {"rms_norm_eps", 1e-6},
                                 {"max_window_layers", 8},
                                 {"use_sliding_window", false},
                                 {"image_token_id", 5},
                                 {"vision_config", {{"depth", 3}}}});
  json plain = flat;
  for (const char* key : {"rope_scaling", "image_token_id", "vision_config"}) plain.erase(key);
  plain["model_type"] = "qwen2";
  EXPECT_EQ(spec_of_config(flat), spec_of_config(plain));
  json other = flat;
  other["rope_scaling"]["type"] = "frob";
  EXPECT_TRUE(refusal_of(other).starts_with("c: rope_scaling.rope_type: expected default or "));
}

TEST(TextModel, WhatIsWrongInItIsSaidWithItsWholeKey) {
  EXPECT_EQ(refusal_of({{"model_type", "llava"}}),
            "c: text_config: expected an object, since model_type is \"llava\", found none");
  EXPECT_EQ(refusal_of(within("llava", 3)), "c: text_config: expected an object, found 3");
  EXPECT_TRUE(refusal_of(within("llava", with(llama_config(), {{"model_type", "mamba"}})))
                  .starts_with("c: text_config.model_type: expected one of "));
  EXPECT_TRUE(refusal_of(within("llava", with(llama_config(), {{"frob", 1}})))
                  .starts_with("c: text_config.frob: expected no key that is unknown"));
  EXPECT_EQ(refusal_of(within("gemma3", {{"hidden_size", 0}})),
            "c: text_config.hidden_size: expected a whole number of at least 1, found 0");
}

// Layers that see images have parameters of the same names.
TEST(TextModel, ItsParametersAreFoundBesideOthersOfTheirNames) {
  const Folder folder("llava");
  folder.write("config.json", within("llava", llama_config()));
  for (const char* prefix :
       {"language_model.model.", "model.language_model.", "model.text_model.", "model."}) {
    Container c = llama_tensors(prefix);
    c.tensors.merge(llama_tensors("vision_tower.vision_model.encoder.").tensors);
    folder.write(c);
    const Parameters<double> p = Checkpoint(folder.path()).parameters(1);
    EXPECT_EQ(p.at("layers.0.attn.q_proj.weight"), numbered(8, 6, 1) / 1024);
  }
}

TEST(TextModel, ItIsNotFoundAmongOthers) {
  const Folder folder("no-text");
  folder.write("config.json", within("llava", llama_config()));
  folder.write(llama_tensors("vision_tower."));
  EXPECT_EQ(trouble_with(folder), folder.file("model.safetensors") +
                                      ": expected tensors such as \"layers.0.input_layernorm.weight\", "
                                      "found none");
}

TEST(TextModel, QuantizedParametersAreRefusedWhereTheWholeSaysSo) {
  const Folder folder("quantized-text");
  json config = within("llava", llama_config());
  config["quantization_config"] = {{"bits", 4}};
  folder.write("config.json", config);
  folder.write(llama_tensors("language_model.model."));
  EXPECT_EQ(trouble_with(folder), folder.file("config.json") +
                                      ": quantization_config: expected parameters that are not quantized, "
                                      "found {\"bits\":4}");
}

}  // namespace
}  // namespace plumbline
