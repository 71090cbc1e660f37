// What config.json says is what the spec says; whatever a spec cannot say is refused by its key.
#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

TEST(HuggingFaceConfig, AConfigurationIsASpec) {
  const BlockSpec s = spec_of_config(llama_config());
  EXPECT_EQ(s.part, Part::block);
  EXPECT_EQ(s.d, 6);
  EXPECT_EQ(s.attention.n_kv_heads, 1);
  EXPECT_EQ(s.attention.head_dim, 4);
  EXPECT_EQ(s.ffn.d_ff, 5);
  EXPECT_EQ(s.ffn.activation, Activation::silu);
  EXPECT_EQ(s.position.rope->base, 5000);
  EXPECT_EQ(s.norm_slots.attn.in->eps, 1e-5);
  EXPECT_FALSE(s.final_norm);
}

TEST(HuggingFaceConfig, OldAndNewKeysSayTheSame) {
  json old = llama_config(), later = llama_config();
  old["partial_rotary_factor"] = 0.5;
  old["rope_scaling"] = nullptr;
  later.erase("rope_theta");
  later.erase("torch_dtype");
  later["dtype"] = "bfloat16";
  later["rope_parameters"] = {
      {"rope_theta", 5000.0}, {"rope_type", "default"}, {"partial_rotary_factor", 0.5}};
  EXPECT_EQ(spec_of_config(old), spec_of_config(later));
  EXPECT_EQ(spec_of_config(old).position.rope->rotary_dim, 2);
}

// The windows of the layers, 0 where there is none; with "-" where positions are not turned.
std::string layers_of(const json& config) {
  std::string out;
  for (int l = 0; l < 8; ++l) {
    const BlockSpec s = spec_of_config(config, l);
    out += std::to_string(s.attention.mask.window.value_or(0)) + (s.position.rope ? " " : "- ");
  }
  return out;
}

TEST(HuggingFaceConfig, LayersDiffer) {
  const json types = {"full_attention",    "full_attention", "sliding_attention", "full_attention",
                      "sliding_attention", "full_attention", "full_attention",    "full_attention"};
  EXPECT_EQ(layers_of(usual("gemma2")), "7 0 7 0 7 0 7 0 ");
  EXPECT_EQ(layers_of(with(usual("gemma2"), {{"layer_types", types}})), "0 0 7 0 7 0 0 0 ");
  EXPECT_EQ(layers_of(usual("mistral")), "7 7 7 7 7 7 7 7 ");
  EXPECT_EQ(layers_of(with(usual("mistral"), {{"sliding_window", nullptr}})), "0 0 0 0 0 0 0 0 ");
  EXPECT_EQ(layers_of(usual("qwen2")), "0 0 0 0 0 0 0 0 ");
  EXPECT_EQ(layers_of(with(usual("qwen2"), {{"use_sliding_window", true}, {"max_window_layers", 6}})),
            "0 0 0 0 0 0 7 7 ");
  EXPECT_EQ(layers_of(with(usual("qwen2"), {{"use_sliding_window", true}, {"max_window_layers", 0}})),
            "7 7 7 7 7 7 7 7 ");
  EXPECT_EQ(layers_of(usual("exaone4")), "7 7 7 0- 7 7 7 0- ");
  EXPECT_EQ(layers_of(with(usual("exaone4"), {{"sliding_window", nullptr}})), "0 0 0 0 0 0 0 0 ");
  EXPECT_EQ(layers_of(usual("smollm3")), "0 0 0 0- 0 0 0 0- ");
  EXPECT_EQ(layers_of(with(usual("smollm3"), {{"no_rope_layers", {1, 0, 1, 1, 1, 1, 1, 0}}})),
            "0 0- 0 0 0 0 0 0- ");
  const json gpt2 = {{"model_type", "gpt2"},
                     {"n_embd", 12},
                     {"n_head", 3},
                     {"n_layer", 8},
                     {"scale_attn_by_inverse_layer_idx", true}};
  EXPECT_EQ(spec_of_config(gpt2, 3).attention.scale.mult, 0.25);
}

TEST(HuggingFaceConfig, WhatNoSpecSaysIsRefusedByItsKey) {
  const auto of_llama = [](const json& more) { return refusal_of(with(llama_config(), more)); };
  EXPECT_EQ(of_llama({{"num_experts", 8}}),
            "c: num_experts: expected no key that is unknown of model type \"llama\", found 8");
  EXPECT_EQ(of_llama({{"rope_scaling", {{"rope_type", "mrope"}, {"factor", 4}}}}),
            "c: rope_scaling.rope_type: expected default or dynamic or linear or llama3 or longrope or yarn, "
            "found \"mrope\"");
  EXPECT_EQ(of_llama({{"rope_parameters", {{"rope_type", "default"}, {"factor", 4}}}}),
            "c: rope_parameters.factor: expected no key that is unknown of the rotary embedding, found 4");
  EXPECT_EQ(of_llama({{"hidden_act", "mish"}}),
            "c: hidden_act: expected one of gelu, gelu_accurate, gelu_fast, gelu_new, gelu_python, "
            "gelu_pytorch_tanh, quick_gelu, relu, relu2, silu, swish, found \"mish\"");
  EXPECT_EQ(of_llama({{"hidden_size", "6"}}),
            "c: hidden_size: expected a whole number of at least 1, found \"6\"");
  EXPECT_EQ(of_llama({{"hidden_size", nullptr}}),
            "c: hidden_size: expected a whole number of at least 1, found none");
  EXPECT_EQ(of_llama({{"n_embd", 7}}), "c: n_embd: expected 6, as hidden_size says, found 7");
  EXPECT_EQ(of_llama({{"num_key_value_heads", 3}}),
            "c: spec.attention.n_kv_heads: expected a divisor of n_heads = 2, found 3");
  EXPECT_EQ(of_llama({{"attention_bias", 1}}), "c: attention_bias: expected true or false, found 1");
  EXPECT_EQ(refusal_of(json::array()), "c: expected an object, found []");
  EXPECT_NE(refusal_of({{"model_type", "mamba"}}).find("model_type: expected one of bert, "),
            std::string::npos);
  EXPECT_EQ(refusal_of(with(usual("cohere"), {{"rope_theta", 1e4}, {"use_qk_norm", true}})),
            "c: use_qk_norm: expected false, found true");
  EXPECT_EQ(refusal_of(usual("cohere")),
            "c: rope_theta: expected it to be said, since versions of transformers take different ones, "
            "found none");
  EXPECT_EQ(refusal_of(with(usual("gemma2"), {{"layer_types", {"full_attention", "chunked_attention"}}}), 1),
            "c: layer_types: expected full_attention or sliding_attention for layer 1, found "
            "\"chunked_attention\"");
  const json falcon = {{"model_type", "falcon"},
                       {"hidden_size", 12},
                       {"num_attention_heads", 3},
                       {"num_hidden_layers", 1},
                       {"alibi", true}};
  EXPECT_EQ(
      refusal_of(falcon),
      "c: alibi: expected false, since this model scales its ALiBi with the scores, which no spec says, "
      "found true");
}

}  // namespace
}  // namespace plumbline
