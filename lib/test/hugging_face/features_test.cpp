// Scaled positions, mixtures of experts, sinks, gates and squares, as configurations say them; and the
// refusal of what they say besides.
#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

json four_layers(const char* type) { return with(usual(type), {{"num_hidden_layers", 4}}); }

// The same of a model that has no windows, and whose heads are as many as they are wide.
json plain(const char* type) {
  json config = four_layers(type);
  for (const char* key : {"sliding_window", "head_dim", "num_key_value_heads"}) config.erase(key);
  return config;
}

RopeScaling scaling_of(const json& config, int l = 0) {
  return *spec_of_config(config, l).position.rope->scaling;
}

TEST(RopeSaid, EveryKindOfScaling) {
  const auto of_llama = [](const json& scaling) {
    return with(llama_config(), {{"rope_scaling", scaling}, {"max_position_embeddings", 64}});
  };
  EXPECT_EQ(scaling_of(of_llama({{"type", "linear"}, {"factor", 2.5}})),
            (RopeScaling{.kind = RopeScalingKind::linear, .factor = 2.5}));
  EXPECT_EQ(scaling_of(of_llama({{"rope_type", "llama3"},
                                 {"factor", 8},
                                 {"low_freq_factor", 1.5},
                                 {"high_freq_factor", 3},
                                 {"original_max_position_embeddings", 32}})),
            (RopeScaling{.kind = RopeScalingKind::llama3,
                         .factor = 8,
                         .original_max_position = 32,
                         .low_freq_factor = 1.5,
                         .high_freq_factor = 3}));
  const json yarn = {{"rope_type", "yarn"}, {"factor", 4}, {"beta_fast", 20}, {"truncate", false}};
  EXPECT_EQ(scaling_of(of_llama(yarn)), (RopeScaling{.kind = RopeScalingKind::yarn,
                                                     .factor = 4,
                                                     .original_max_position = 64,
                                                     .beta_fast = 20,
                                                     .truncate = false}));
  EXPECT_EQ(scaling_of(of_llama(with(yarn, {{"attention_factor", 1.5}}))).attention_factor, 1.5);
  EXPECT_NEAR(*scaling_of(of_llama(with(yarn, {{"mscale", 2}, {"mscale_all_dim", 1}}))).attention_factor,
              (1 + 0.2 * std::log(4.0)) / (1 + 0.1 * std::log(4.0)), 1e-15);
  // what stands outside goes first
  EXPECT_EQ(scaling_of(with(of_llama(with(yarn, {{"original_max_position_embeddings", 16}})),
                            {{"original_max_position_embeddings", 8}}))
                .original_max_position,
            8);
  EXPECT_EQ(scaling_of(of_llama({{"rope_type", "dynamic"}, {"factor", 2}})),
            (RopeScaling{.kind = RopeScalingKind::dynamic, .factor = 2, .original_max_position = 64}));
  EXPECT_EQ(refusal_of(of_llama({{"rope_type", "linear"}})),
            "c: rope_scaling.factor: expected a number, found none");
  EXPECT_EQ(refusal_of(with(of_llama(yarn), {{"model_type", "phi3"}, {"num_key_value_heads", 2}})),
            "c: rope_scaling: expected short_factor and long_factor, since \"yarn\" means longrope here, "
            "found yarn");
}

TEST(RopeSaid, LongropeHasANumberForEachPair) {
  json config = with(llama_config(), {{"max_position_embeddings", 64}, {"head_dim", 4}});
  const json factors = {{"short_factor", {1, 1.5}}, {"long_factor", {2, 4}}};
  config["rope_scaling"] = with(factors, {{"type", "longrope"}, {"original_max_position_embeddings", 16}});
  RopeScaling expected{.kind = RopeScalingKind::longrope, .factor = 4, .original_max_position = 16};
  expected.short_factor = {1, 1.5}, expected.long_factor = {2, 4};
  EXPECT_EQ(scaling_of(config), expected);
  config["rope_scaling"]["type"] = "su";  // its name once
  EXPECT_EQ(scaling_of(config), expected);
  config["rope_scaling"]["long_factor"] = {2};
  EXPECT_EQ(refusal_of(config), "c: rope_scaling.long_factor: expected 2 numbers above 0, found [2]");
  config["rope_scaling"].erase("long_factor");
  EXPECT_EQ(refusal_of(config), "c: rope_scaling.long_factor: expected 2 numbers above 0, found none");
}

// DeepSeek: scores grow by the square of what yarn of mscale_all_dim would make of cosines and sines.
TEST(RopeSaid, ScoresOfLatentAttentionAreScaledToo) {
  const json deepseek = {{"model_type", "deepseek_v3"},
                         {"hidden_size", 6},
                         {"num_hidden_layers", 2},
                         {"num_attention_heads", 2},
                         {"intermediate_size", 5},
                         {"q_lora_rank", nullptr},
                         {"kv_lora_rank", 3},
                         {"qk_rope_head_dim", 2},
                         {"qk_nope_head_dim", 3},
                         {"v_head_dim", 4},
                         {"first_k_dense_replace", 1},
                         {"n_group", 2},
                         {"n_routed_experts", 4},
                         {"num_experts_per_tok", 2},
                         {"topk_group", 1},
                         {"moe_intermediate_size", 5},
                         {"rope_theta", 1e4}};
  const BlockSpec plain = spec_of_config(deepseek, 0);
  EXPECT_EQ(plain.attention.scale.mult, 1);
  EXPECT_EQ(plain.attention.head_dim, 5);
  EXPECT_EQ(plain.attention.latent->q_rank, 0);
  EXPECT_FALSE(plain.ffn.moe);
  EXPECT_EQ(spec_of_config(deepseek, 1).ffn.moe->groups, 2);
  const json yarn = {{"type", "yarn"},
                     {"factor", 40},
                     {"mscale", 1.0},
                     {"mscale_all_dim", 1.0},
                     {"original_max_position_embeddings", 4096}};
  const BlockSpec scaled = spec_of_config(with(deepseek, {{"rope_scaling", yarn}}), 0);
  const double m = 1 + 0.1 * std::log(40.0);
  EXPECT_NEAR(scaled.attention.scale.mult, m * m,
              4 * 0x1p-52 * m * m);  // a product, a sum, twice that, a square
  EXPECT_EQ(scaled.position.rope->scaling->attention_factor, 1);
  EXPECT_EQ(refusal_of(with(deepseek, {{"attention_bias", true}})),
            "c: attention_bias: expected false, found true");
}

TEST(RopeSaid, LayersWithAWindowTurnOtherwise) {
  const json old =
      with(four_layers("gemma3_text"), {{"rope_theta", 5e5},
                                        {"rope_local_base_freq", 300.0},
                                        {"sliding_window_pattern", 2},
                                        {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8}}}});
  const json later =
      with(four_layers("gemma3_text"),
           {{"layer_types", {"sliding_attention", "full_attention", "sliding_attention", "full_attention"}},
            {"rope_parameters",
             {{"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 300.0}}},
              {"full_attention", {{"rope_type", "linear"}, {"rope_theta", 5e5}, {"factor", 8}}}}}});
  for (const json& config : {old, later}) {
    EXPECT_EQ(spec_of_config(config, 0).position.rope->base, 300);
    EXPECT_EQ(spec_of_config(config, 0).attention.mask.window, 7);
    EXPECT_FALSE(spec_of_config(config, 0).position.rope->scaling);
    EXPECT_EQ(spec_of_config(config, 1).position.rope->base, 5e5);
    EXPECT_EQ(scaling_of(config, 1).factor, 8);
    EXPECT_FALSE(spec_of_config(config, 1).attention.mask.window);
  }
  EXPECT_EQ(refusal_of(with(later, {{"rope_parameters", {{"chunked_attention", 1}}}})),
            "c: rope_parameters.chunked_attention: expected no key that is unknown of rotary embeddings by "
            "the type of "
            "layer, found 1");
}

TEST(FeaturesSaid, NoCapThatTransformersDoesNotApply) {
  EXPECT_EQ(refusal_of(with(four_layers("gemma3_text"), {{"attn_logit_softcapping", 50}})),
            "c: attn_logit_softcapping: expected null, found 50");
}

TEST(ExpertsSaid, DenseLayersStandBetweenOthers) {
  const auto sparse = [](const json& config) {
    std::string out;
    for (int l = 0; l < 4; ++l) out += spec_of_config(config, l).ffn.moe ? "e" : "d";
    return out;
  };
  const json qwen = with(four_layers("qwen3_moe"), {{"num_experts", 4}, {"num_experts_per_tok", 2}});
  EXPECT_EQ(sparse(qwen), "eeee");
  EXPECT_EQ(sparse(with(qwen, {{"decoder_sparse_step", 2}})), "dede");
  EXPECT_EQ(sparse(with(qwen, {{"mlp_only_layers", {0, 3}}})), "deed");
  EXPECT_EQ(sparse(with(plain("glm4_moe"), {{"first_k_dense_replace", 2}, {"num_key_value_heads", 3}})),
            "ddee");
  EXPECT_EQ(sparse(with(four_layers("afmoe"), {{"num_dense_layers", 3}})), "ddde");
  EXPECT_EQ(
      sparse(with(plain("ernie4_5_moe"),
                  {{"num_key_value_heads", 3}, {"moe_layer_start_index", 1}, {"moe_layer_end_index", 2}})),
      "deed");
  EXPECT_EQ(
      sparse(with(four_layers("mellum"), {{"mlp_layer_types", {"dense", "sparse", "sparse", "dense"}}})),
      "deed");
  EXPECT_EQ(spec_of_config(with(qwen, {{"moe_intermediate_size", 9}}), 0).ffn.d_ff, 9);
  EXPECT_EQ(refusal_of(with(qwen, {{"num_experts_per_tok", 5}})),
            "c: spec.ffn.moe.top_k: expected at most experts = 4, found 5");
  EXPECT_EQ(refusal_of(with(qwen, {{"mlp_only_layers", 1}})),
            "c: mlp_only_layers: expected a list of layers, found 1");
  EXPECT_EQ(refusal_of(with(four_layers("mellum"), {{"mlp_layer_types", {"thin"}}})),
            "c: mlp_layer_types: expected dense or sparse for layer 0, found \"thin\"");
}

TEST(ExpertsSaid, Routers) {
  const MoeSpec deepseek = *spec_of_config(with(four_layers("dots1"), {{"n_routed_experts", 8},
                                                                       {"num_experts_per_tok", 3},
                                                                       {"n_group", 4},
                                                                       {"topk_group", 2},
                                                                       {"moe_intermediate_size", 3},
                                                                       {"n_shared_experts", 2},
                                                                       {"routed_scaling_factor", 2.5}}))
                                .ffn.moe;
  EXPECT_EQ(deepseek, (MoeSpec{.experts = 8,
                               .top_k = 3,
                               .score = RouterScore::sigmoid,
                               .correction_bias = true,
                               .renormalise = false,
                               .scaling = 2.5,
                               .groups = 4,
                               .chosen_groups = 2,
                               .shared_d_ff = 6}));
  EXPECT_EQ(*spec_of_config(with(four_layers("qwen2_moe"), {{"norm_topk_prob", true}})).ffn.moe,
            (MoeSpec{.experts = 60, .top_k = 4, .shared_d_ff = 5632, .shared_gate = true}));
  EXPECT_EQ(refusal_of(with(four_layers("dots1"), {{"n_routed_experts", 8}, {"scoring_func", "softmax"}})),
            "c: scoring_func: expected \"sigmoid\", found \"softmax\"");
  EXPECT_EQ(refusal_of(with(plain("olmoe"), {{"clip_qkv", 8}})), "c: clip_qkv: expected null, found 8");
  EXPECT_EQ(refusal_of(with(plain("ernie4_5_moe"), {{"use_bias", true}})),
            "c: use_bias: expected false, found true");
  EXPECT_EQ(refusal_of(with(four_layers("afmoe"), {{"route_norm", false}})),
            "c: route_norm: expected true, found false");
  EXPECT_EQ(refusal_of(with(plain("minimax_m2"), {{"qk_norm_type", "per_head"}})),
            "c: qk_norm_type: expected \"per_layer\", found \"per_head\"");
}

TEST(FeaturesSaid, GptOss) {
  const BlockSpec s = spec_of_config(four_layers("gpt_oss"), 0);
  EXPECT_TRUE(s.attention.sink.present);
  EXPECT_EQ(s.attention.mask.window, 7);
  EXPECT_EQ(s.ffn.activation, Activation::quick_gelu);
  EXPECT_EQ(s.ffn.limit, 7);
  EXPECT_EQ(s.ffn.up_offset, 1);
  EXPECT_TRUE(s.ffn.moe->router_bias);
  EXPECT_FALSE(s.position.rope->scaling->truncate);
  EXPECT_FALSE(spec_of_config(four_layers("gpt_oss"), 1).attention.mask.window);
  EXPECT_EQ(refusal_of(with(four_layers("gpt_oss"), {{"swiglu_alpha", 2}})),
            "c: swiglu_alpha: expected 1.702, found 2");
}

TEST(FeaturesSaid, SquaresAndSigns) {
  EXPECT_TRUE(spec_of_config(plain("nemotron")).ffn.squared);
  EXPECT_EQ(spec_of_config(plain("nemotron")).norm_slots.ffn.in->gain_offset, 1);
  const BlockSpec s = spec_of_config(plain("nanochat"));
  EXPECT_EQ(s.position.rope->sign, -1);
  EXPECT_FALSE(s.norm_slots.attn.in->gain);
  EXPECT_EQ(s.norm_slots.attn.q->position, QkPosition::after_rope);
}

TEST(FeaturesSaid, WindowsByTheLayer) {
  const auto windows = [](const json& config) {
    std::string out;
    for (int l = 0; l < 4; ++l) {
      const BlockSpec s = spec_of_config(config, l);
      out += std::to_string(s.attention.mask.window.value_or(0)) + (s.position.rope ? " " : "- ");
    }
    return out;
  };
  EXPECT_EQ(windows(with(four_layers("cohere2"), {{"rope_theta", 1e4}})), "7 7 7 0- ");
  EXPECT_EQ(windows(four_layers("olmo3")), "7 7 7 0 ");
  EXPECT_EQ(windows(four_layers("afmoe")), "7 7 7 0- ");
  EXPECT_EQ(windows(four_layers("cwm")), "0 7 7 7 ");
  EXPECT_EQ(windows(four_layers("ministral")), "7 7 7 7 ");
  json neo = {{"model_type", "gpt_neo"},
              {"hidden_size", 12},
              {"num_heads", 3},
              {"num_layers", 4},
              {"window_size", 7}};
  EXPECT_EQ(windows(neo), "0- 7- 0- 7- ");
  neo["attention_types"] = {{{"local"}, 3}, {{"global"}, 1}};
  EXPECT_EQ(windows(neo), "7- 7- 7- 0- ");
  neo["attention_types"] = {{{"local"}, 3}};
  EXPECT_EQ(refusal_of(neo, 3),
            "c: attention_types: expected a type for each layer, found [[[\"local\"],3]]");
  EXPECT_EQ(refusal_of(with(four_layers("cohere2"), {{"rope_theta", 1e4}, {"use_parallel_block", false}})),
            "c: use_parallel_block: expected true, found false");
}

TEST(FeaturesSaid, EncodersSeeAllKeys) {
  const json two = {{"model_type", "whisper"},      {"d_model", 12},        {"encoder_layers", 2},
                    {"encoder_attention_heads", 3}, {"encoder_ffn_dim", 7}, {"is_encoder_decoder", true},
                    {"decoder_layers", 5}};
  const BlockSpec s = spec_of_config(two);
  EXPECT_EQ(s.attention.mask.kind, MaskKind::bidirectional);
  EXPECT_FALSE(s.attention.bias.k);
  EXPECT_TRUE(spec_of_config(with(two, {{"model_type", "bart"}})).norm_slots.ffn.post);
  EXPECT_EQ(refusal_of(with(two, {{"model_type", "bart"}, {"normalize_before", true}})),
            "c: normalize_before: expected false, found true");
  EXPECT_EQ(spec_of_config(plain("clip_text_model")).attention.mask.kind, MaskKind::causal);
}

}  // namespace
}  // namespace plumbline
