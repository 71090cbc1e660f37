// Parameters are found in every packing.
#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

// A model of one layer, whose tensors are vectors and matrices of numbers that say where they stood.
Parameters<double> parameters_of(json config, const std::map<std::string, Matrix<double>>& tensors) {
  const Folder folder("packing");
  for (const char* key : {"num_hidden_layers", "n_layer", "n_layers"})
    if (config["model_type"] == "gpt2" ? key == std::string("n_layer")
                                       : key == std::string("num_hidden_layers"))
      config[key] = 1;
  folder.write("config.json", config);
  Container c;
  for (const auto& [name, x] : tensors) c.tensors[name] = x.rows() == 1 ? stored_vector(x) : stored_matrix(x);
  folder.write(c);
  return Checkpoint(folder.path()).parameters(0);
}

// The first entries of the rows of a weight, in hundreds: which row of the tensor each was.
std::vector<int> rows_of(const Matrix<double>& x) {
  std::vector<int> out;
  for (int i = 0; i < x.rows(); ++i) out.push_back(int(x(i, 0)) / 100);
  return out;
}

using Rows = std::vector<int>;

TEST(Packing, Conv1DHoldsTheThreeSideBySideAndTransposed) {
  const auto p = parameters_of({{"model_type", "gpt2"}, {"n_embd", 4}, {"n_head", 2}, {"n_inner", 3}},
                               {{"h.0.attn.c_attn.weight", numbered(4, 12)},
                                {"h.0.attn.c_attn.bias", numbered(1, 12)},
                                {"h.0.attn.c_proj.weight", numbered(4, 4)},
                                {"h.0.attn.c_proj.bias", numbered(1, 4)},
                                {"h.0.mlp.c_fc.weight", numbered(4, 3)},
                                {"h.0.mlp.c_fc.bias", numbered(1, 3)},
                                {"h.0.mlp.c_proj.weight", numbered(3, 4)},
                                {"h.0.mlp.c_proj.bias", numbered(1, 4)},
                                {"h.0.ln_1.weight", numbered(1, 4)},
                                {"h.0.ln_1.bias", numbered(1, 4)},
                                {"h.0.ln_2.weight", numbered(1, 4)},
                                {"h.0.ln_2.bias", numbered(1, 4)},
                                {"h.0.attn.bias", numbered(2, 2)}});
  EXPECT_EQ(p.at("layers.0.attn.q_proj.weight"), numbered(4, 12).leftCols(4).transpose());
  EXPECT_EQ(p.at("layers.0.attn.v_proj.weight"), numbered(4, 12).rightCols(4).transpose());
  EXPECT_EQ(p.at("layers.0.attn.k_proj.bias"), numbered(1, 4, 4));
  EXPECT_EQ(p.at("layers.0.ffn.down_proj.weight"), numbered(3, 4).transpose());
}

TEST(Packing, EachHeadOfNeoxHoldsItsThree) {
  json config = {{"model_type", "gpt_neox"}, {"hidden_size", 4},       {"num_attention_heads", 2},
                 {"intermediate_size", 3},   {"attention_bias", true}, {"rotary_pct", 1.0}};
  const std::string layer = "gpt_neox.layers.0.";
  std::map<std::string, Matrix<double>> tensors{{layer + "attention.query_key_value.weight", numbered(12, 4)},
                                                {layer + "attention.query_key_value.bias", numbered(1, 12)},
                                                {layer + "attention.dense.weight", numbered(4, 4)},
                                                {layer + "attention.dense.bias", numbered(1, 4)},
                                                {layer + "mlp.dense_h_to_4h.weight", numbered(3, 4)},
                                                {layer + "mlp.dense_h_to_4h.bias", numbered(1, 3)},
                                                {layer + "mlp.dense_4h_to_h.weight", numbered(4, 3)},
                                                {layer + "mlp.dense_4h_to_h.bias", numbered(1, 4)}};
  for (const char* norm : {"input_layernorm", "post_attention_layernorm"})
    for (const char* kind : {".weight", ".bias"}) tensors[layer + norm + kind] = numbered(1, 4);
  const auto p = parameters_of(config, tensors);
  EXPECT_EQ(rows_of(p.at("layers.0.attn.q_proj.weight")), (Rows{0, 1, 6, 7}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.k_proj.weight")), (Rows{2, 3, 8, 9}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.v_proj.weight")), (Rows{4, 5, 10, 11}));
  EXPECT_EQ(p.at("layers.0.attn.k_proj.bias"), (Matrix<double>(1, 4) << 2, 3, 8, 9).finished());
}

// Of four query heads of width 2.
Parameters<double> falcon(const json& more, int rows) {
  json config = {{"model_type", "falcon"},
                 {"hidden_size", 8},
                 {"num_attention_heads", 4},
                 {"ffn_hidden_size", 3},
                 {"bias", false}};
  config.update(more);
  std::map<std::string, Matrix<double>> tensors{
      {"h.0.self_attention.query_key_value.weight", numbered(rows, 8)},
      {"h.0.self_attention.dense.weight", numbered(8, 8)},
      {"h.0.mlp.dense_h_to_4h.weight", numbered(3, 8)},
      {"h.0.mlp.dense_4h_to_h.weight", numbered(8, 3)}};
  const bool is_new = config.value("new_decoder_architecture", false);
  for (const char* norm : {"ln_attn", "ln_mlp", "input_layernorm"})
    if (is_new == (norm[0] == 'l'))
      for (const char* kind : {".weight", ".bias"})
        tensors[std::string("h.0.") + norm + kind] = numbered(1, 8, norm[3]);
  return parameters_of(config, tensors);
}

TEST(Packing, FalconHasOneHeadOfKeysBehindTheQueries) {
  const auto p = falcon({{"multi_query", true}}, 12);
  EXPECT_EQ(rows_of(p.at("layers.0.attn.q_proj.weight")), (Rows{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.k_proj.weight")), (Rows{8, 9}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.v_proj.weight")), (Rows{10, 11}));
  EXPECT_TRUE(p.contains("layers.0.norm_in.weight"));
}

TEST(Packing, FalconOfTheNewArchitectureHasGroups) {
  const auto p = falcon({{"new_decoder_architecture", true}, {"num_kv_heads", 2}}, 16);
  EXPECT_EQ(rows_of(p.at("layers.0.attn.q_proj.weight")), (Rows{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.k_proj.weight")), (Rows{4, 5, 12, 13}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.v_proj.weight")), (Rows{6, 7, 14, 15}));
  EXPECT_EQ(p.at("layers.0.attn.norm_in.weight"), numbered(1, 8, 'a'));
  EXPECT_EQ(p.at("layers.0.ffn.norm_in.weight"), numbered(1, 8, 'm'));
}

TEST(Packing, Phi3HoldsQueriesKeysValuesAndGateBeforeUp) {
  const auto p = parameters_of({{"model_type", "phi3"},
                                {"hidden_size", 8},
                                {"num_attention_heads", 4},
                                {"num_key_value_heads", 2},
                                {"intermediate_size", 3}},
                               {{"model.layers.0.self_attn.qkv_proj.weight", numbered(16, 8)},
                                {"model.layers.0.self_attn.o_proj.weight", numbered(8, 8)},
                                {"model.layers.0.mlp.gate_up_proj.weight", numbered(6, 8)},
                                {"model.layers.0.mlp.down_proj.weight", numbered(8, 3)},
                                {"model.layers.0.input_layernorm.weight", numbered(1, 8)},
                                {"model.layers.0.post_attention_layernorm.weight", numbered(1, 8)}});
  EXPECT_EQ(rows_of(p.at("layers.0.attn.q_proj.weight")), (Rows{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.k_proj.weight")), (Rows{8, 9, 10, 11}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.v_proj.weight")), (Rows{12, 13, 14, 15}));
  EXPECT_EQ(rows_of(p.at("layers.0.ffn.gate_proj.weight")), (Rows{0, 1, 2}));
  EXPECT_EQ(rows_of(p.at("layers.0.ffn.up_proj.weight")), (Rows{3, 4, 5}));
}

TEST(Packing, MptHoldsAllQueriesFirst) {
  json config = {{"model_type", "mpt"}, {"d_model", 4}, {"n_heads", 2}};
  const auto p = parameters_of(config, {{"transformer.blocks.0.attn.Wqkv.weight", numbered(12, 4)},
                                        {"transformer.blocks.0.attn.out_proj.weight", numbered(4, 4)},
                                        {"transformer.blocks.0.ffn.up_proj.weight", numbered(16, 4)},
                                        {"transformer.blocks.0.ffn.down_proj.weight", numbered(4, 16)},
                                        {"transformer.blocks.0.norm_1.weight", numbered(1, 4)},
                                        {"transformer.blocks.0.norm_2.weight", numbered(1, 4)}});
  EXPECT_EQ(rows_of(p.at("layers.0.attn.q_proj.weight")), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(rows_of(p.at("layers.0.attn.k_proj.weight")), (Rows{4, 5, 6, 7}));
}

// All layers read the table of layer 0; UMT5 has one for each.
TEST(Packing, T5HasOneTable) {
  const Folder folder("t5");
  json config = {{"model_type", "t5"},
                 {"d_model", 4},
                 {"num_heads", 2},
                 {"d_kv", 3},
                 {"d_ff", 5},
                 {"num_layers", 2},
                 {"relative_attention_num_buckets", 4}};
  folder.write("config.json", config);
  Container c;
  const auto put = [&](const std::string& name, const Matrix<double>& m) {
    c.tensors["encoder.block." + name + ".weight"] = m.rows() == 1 ? stored_vector(m) : stored_matrix(m);
  };
  for (const std::string l : {"0", "1"}) {
    for (const char* p : {"q", "k", "v"}) put(l + ".layer.0.SelfAttention." + p, numbered(6, 4));
    put(l + ".layer.0.SelfAttention.o", numbered(4, 6));
    put(l + ".layer.0.layer_norm", numbered(1, 4)), put(l + ".layer.1.layer_norm", numbered(1, 4));
    put(l + ".layer.1.DenseReluDense.wi", numbered(5, 4)),
        put(l + ".layer.1.DenseReluDense.wo", numbered(4, 5));
  }
  put("0.layer.0.SelfAttention.relative_attention_bias", numbered(4, 2, 7));
  folder.write(c);
  for (const int l : {0, 1})
    EXPECT_EQ(Checkpoint(folder.path()).parameters(l).at("layers.0.attn.relative_bias.weight"),
              numbered(4, 2, 7));
  config["model_type"] = "umt5", config["feed_forward_proj"] = "relu";
  folder.write("config.json", config);
  EXPECT_EQ(trouble_with(folder, 1),
            folder.file("model.safetensors") + ": tensor \"encoder.block.1.layer.0.SelfAttention." +
                "relative_attention_bias.weight\": expected it with shape [4, 2], found none");
}

TEST(Packing, NormsOfOldFilesAreCalledGammaAndBeta) {
  std::map<std::string, Matrix<double>> tensors;
  const std::string layer = "bert.encoder.layer.0.";
  const auto linear = [&](const char* name, int out, int in) {
    tensors[layer + name + ".weight"] = numbered(out, in);
    tensors[layer + name + ".bias"] = numbered(1, out);
  };
  for (const char* name :
       {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"})
    linear(name, 4, 4);
  linear("intermediate.dense", 3, 4);
  linear("output.dense", 4, 3);
  for (const char* norm : {"attention.output.LayerNorm", "output.LayerNorm"}) {
    tensors[layer + norm + ".gamma"] = numbered(1, 4, 5);
    tensors[layer + norm + ".beta"] = numbered(1, 4, 6);
  }
  const auto p = parameters_of(
      {{"model_type", "bert"}, {"hidden_size", 4}, {"num_attention_heads", 2}, {"intermediate_size", 3}},
      tensors);
  EXPECT_EQ(p.at("layers.0.attn.norm_post.weight"), numbered(1, 4, 5));
  EXPECT_EQ(p.at("layers.0.ffn.norm_post.bias"), numbered(1, 4, 6));
}

}  // namespace
}  // namespace plumbline
