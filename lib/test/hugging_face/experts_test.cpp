// Parameters of experts, sinks and gates are found in every packing that files have.
#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/base/error.hpp"
#include "plumbline/hugging_face/checkpoint.hpp"

namespace plumbline {
namespace {

using nlohmann::json;
using Tensors = std::map<std::string, StoredTensor>;

const std::string layer = "model.layers.0.";

// Of width 2, one layer, two heads of width 2, two experts of width 3, each token given to one.
json small(const char* type, const json& more = json::object()) {
  json config = {{"model_type", type},       {"hidden_size", 2},         {"num_hidden_layers", 1},
                 {"num_attention_heads", 2}, {"num_key_value_heads", 1}, {"head_dim", 2},
                 {"intermediate_size", 3},   {"num_experts_per_tok", 1}};
  config.update(more);
  return config;
}

StoredTensor matrix(int rows, int cols, double first = 0) {
  return stored_matrix(numbered(rows, cols, first));
}
StoredTensor vector(int n, double first = 0) { return stored_vector(numbered(1, n, first)); }
// [n, rows, cols]: expert e is numbered(rows, cols, 10000 e).
StoredTensor stack(int n, int rows, int cols) {
  Matrix<double> all(n * rows, cols);
  for (int e = 0; e < n; ++e) all.middleRows(e * rows, rows) = numbered(rows, cols, 10000 * e);
  return stored(all, Dtype::f64, {n, rows, cols});
}

// Attention and both norms.
Tensors attention() {
  return {{layer + "input_layernorm.weight", vector(2)},
          {layer + "post_attention_layernorm.weight", vector(2)},
          {layer + "self_attn.q_proj.weight", matrix(4, 2)},
          {layer + "self_attn.k_proj.weight", matrix(2, 2)},
          {layer + "self_attn.v_proj.weight", matrix(2, 2)},
          {layer + "self_attn.o_proj.weight", matrix(2, 4)}};
}

Parameters<double> read(const json& config, Tensors tensors) {
  const Folder folder("experts");
  folder.write("config.json", config);
  Container c;
  c.tensors = std::move(tensors);
  folder.write(c);
  return Checkpoint(folder.path()).parameters(0);
}
std::string trouble(const json& config, const Tensors& tensors) {
  try {
    read(config, tensors);
  } catch (const Error& e) {
    const std::string what = e.what();
    return what.substr(what.find(": ") + 2);
  }
  return "";
}

const Matrix<double>& of_expert(const Parameters<double>& p, int e, const char* what) {
  return p.at("layers.0.ffn.experts." + std::to_string(e) + "." + what);
}

// The tensors of Mixtral as files have them.
Tensors mixtral() {
  Tensors t = attention();
  t[layer + "block_sparse_moe.gate.weight"] = matrix(2, 2, 7);
  for (int e = 0; e < 2; ++e) {
    const std::string expert = layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
    t[expert + "w1.weight"] = matrix(3, 2, 10 * e + 1);
    t[expert + "w2.weight"] = matrix(2, 3, 10 * e + 2);
    t[expert + "w3.weight"] = matrix(3, 2, 10 * e + 3);
  }
  return t;
}

TEST(Experts, MixtralHasATensorForEach) {
  const auto p = read(small("mixtral", {{"num_local_experts", 2}}), mixtral());
  EXPECT_EQ(p.at("layers.0.ffn.router.weight"), numbered(2, 2, 7));
  EXPECT_EQ(of_expert(p, 0, "gate_proj.weight"), numbered(3, 2, 1));
  EXPECT_EQ(of_expert(p, 1, "gate_proj.weight"), numbered(3, 2, 11));
  EXPECT_EQ(of_expert(p, 1, "down_proj.weight"), numbered(2, 3, 12));
  EXPECT_EQ(of_expert(p, 1, "up_proj.weight"), numbered(3, 2, 13));
}

TEST(Experts, OneThatIsMissingOrTooManyIsSaid) {
  const json config = small("mixtral", {{"num_local_experts", 2}});
  Tensors t = mixtral();
  t.erase(layer + "block_sparse_moe.experts.1.w2.weight");
  EXPECT_EQ(trouble(config, t), "tensor \"" + layer +
                                    "block_sparse_moe.experts.1.w2.weight\": expected it with shape [2, 3], "
                                    "found none");
  t = mixtral();
  t[layer + "block_sparse_moe.experts.2.w1.weight"] = matrix(3, 2);
  EXPECT_EQ(trouble(config, t),
            "tensor \"" + layer +
                "block_sparse_moe.experts.2.w1.weight\": expected none of that name, since config.json says "
                "nothing of it, found one");
}

TEST(Experts, AllOfThemInTwoTensors) {
  Tensors t = attention();
  t[layer + "mlp.gate.weight"] = matrix(2, 2);
  t[layer + "mlp.experts.gate_up_proj"] = stack(2, 6, 2);
  t[layer + "mlp.experts.down_proj"] = stack(2, 2, 3);
  t[layer + "self_attn.q_norm.weight"] = vector(2, 1);
  t[layer + "self_attn.k_norm.weight"] = vector(2, 2);
  const auto p = read(small("qwen3_moe", {{"num_experts", 2}, {"moe_intermediate_size", 3}}), t);
  EXPECT_EQ(of_expert(p, 0, "gate_proj.weight"), numbered(3, 2));
  EXPECT_EQ(of_expert(p, 1, "gate_proj.weight"), numbered(3, 2, 10000));
  EXPECT_EQ(of_expert(p, 1, "up_proj.weight"), numbered(3, 2, 10300));
  EXPECT_EQ(of_expert(p, 1, "down_proj.weight"), numbered(2, 3, 10000));
  t[layer + "mlp.experts.down_proj"] = stack(3, 2, 3);
  EXPECT_EQ(trouble(small("qwen3_moe", {{"num_experts", 2}, {"moe_intermediate_size", 3}}), t),
            "tensor \"" + layer + "mlp.experts.down_proj\": expected shape [2, 2, 3], found [3, 2, 3]");
}

TEST(Experts, GptOssHasGateAndUpInTurnsAndTheWrongWayRound) {
  Tensors t = attention();
  t[layer + "self_attn.sinks"] = vector(2, 5);
  t[layer + "mlp.router.weight"] = matrix(2, 2);
  t[layer + "mlp.router.bias"] = vector(2, 6);
  t[layer + "mlp.experts.gate_up_proj"] = stack(2, 2, 6);
  t[layer + "mlp.experts.gate_up_proj_bias"] = matrix(2, 6);
  t[layer + "mlp.experts.down_proj"] = stack(2, 3, 2);
  t[layer + "mlp.experts.down_proj_bias"] = matrix(2, 2);
  const json config = small("gpt_oss", {{"num_local_experts", 2}, {"attention_bias", false}});
  const auto p = read(config, t);
  EXPECT_EQ(p.at("layers.0.attn.sink"), numbered(1, 2, 5));
  EXPECT_EQ(p.at("layers.0.ffn.router.bias"), numbered(1, 2, 6));
  EXPECT_EQ(of_expert(p, 1, "gate_proj.weight"),
            (Matrix<double>(3, 2) << 10000, 10100, 10002, 10102, 10004, 10104).finished());
  EXPECT_EQ(of_expert(p, 0, "up_proj.weight"), (Matrix<double>(3, 2) << 1, 101, 3, 103, 5, 105).finished());
  EXPECT_EQ(of_expert(p, 1, "up_proj.bias"), (Matrix<double>(1, 3) << 101, 103, 105).finished());
  EXPECT_EQ(of_expert(p, 1, "down_proj.weight"), numbered(3, 2, 10000).transpose());
  EXPECT_EQ(of_expert(p, 1, "down_proj.bias"), numbered(1, 2, 100));
}

TEST(Experts, GraniteHasASharedOneWithGateAndUpTogether) {
  Tensors t = attention();
  t[layer + "block_sparse_moe.router.layer.weight"] = matrix(2, 2);
  t[layer + "block_sparse_moe.input_linear.weight"] = stack(2, 6, 2);
  t[layer + "block_sparse_moe.output_linear.weight"] = stack(2, 2, 3);
  t[layer + "shared_mlp.input_linear.weight"] = matrix(10, 2);
  t[layer + "shared_mlp.output_linear.weight"] = matrix(2, 5);
  const auto p =
      read(small("granitemoeshared", {{"num_local_experts", 2}, {"shared_intermediate_size", 5}}), t);
  EXPECT_EQ(of_expert(p, 1, "up_proj.weight"), numbered(3, 2, 10300));
  EXPECT_EQ(p.at("layers.0.ffn.shared.gate_proj.weight"), numbered(5, 2));
  EXPECT_EQ(p.at("layers.0.ffn.shared.up_proj.weight"), numbered(5, 2, 500));
}

TEST(Experts, CorrectionsAreVectorsOrRows) {
  Tensors t = attention();
  t[layer + "mlp.gate.weight"] = matrix(2, 2);
  t[layer + "mlp.experts.gate_up_proj"] = stack(2, 6, 2);
  t[layer + "mlp.experts.down_proj"] = stack(2, 2, 3);
  const json config = small("ernie4_5_moe", {{"moe_num_experts", 2},
                                             {"moe_intermediate_size", 3},
                                             {"moe_num_shared_experts", 0},
                                             {"moe_layer_start_index", 0}});
  for (const StoredTensor& correction : {matrix(1, 2, 8), vector(2, 8)}) {
    t[layer + "mlp.moe_statics.e_score_correction_bias"] = correction;
    EXPECT_EQ(read(config, t).at("layers.0.ffn.correction_bias"), numbered(1, 2, 8));
  }
}

TEST(Packing, Qwen3NextHasAGateBehindTheQueriesOfEachHead) {
  Tensors t = attention();
  t[layer + "self_attn.q_proj.weight"] = matrix(8, 2);
  t[layer + "self_attn.q_norm.weight"] = vector(2);
  t[layer + "self_attn.k_norm.weight"] = vector(2);
  for (const char* name : {"mlp.gate_proj", "mlp.up_proj"}) t[layer + name + ".weight"] = matrix(3, 2);
  t[layer + "mlp.down_proj.weight"] = matrix(2, 3);
  const auto p = read(
      small("qwen3_next",
            {{"layer_types", {"full_attention"}}, {"mlp_only_layers", {0}}, {"partial_rotary_factor", 1.0}}),
      t);
  EXPECT_EQ(p.at("layers.0.attn.q_proj.weight"),
            (Matrix<double>(4, 2) << 0, 1, 100, 101, 400, 401, 500, 501).finished());
  EXPECT_EQ(p.at("layers.0.attn.gate_proj.weight"),
            (Matrix<double>(4, 2) << 200, 201, 300, 301, 600, 601, 700, 701).finished());
}

TEST(Packing, CodeGenHoldsQuartersOfQueriesValuesKeys) {
  Tensors t;
  for (const char* kind : {"weight", "bias"}) t[std::string("h.0.ln_1.") + kind] = vector(8);
  t["h.0.attn.qkv_proj.weight"] = matrix(24, 8);
  t["h.0.attn.out_proj.weight"] = matrix(8, 8);
  t["h.0.mlp.fc_in.weight"] = matrix(3, 8), t["h.0.mlp.fc_in.bias"] = vector(3);
  t["h.0.mlp.fc_out.weight"] = matrix(8, 3), t["h.0.mlp.fc_out.bias"] = vector(8);
  const auto p = read({{"model_type", "codegen"},
                       {"n_embd", 8},
                       {"n_head", 4},
                       {"n_layer", 1},
                       {"n_inner", 3},
                       {"rotary_dim", 2}},
                      t);
  const auto rows = [&](const char* name) {
    std::vector<int> out;
    for (int i = 0; i < 8; ++i) out.push_back(int(p.at(name)(i, 0)) / 100);
    return out;
  };
  EXPECT_EQ(rows("layers.0.attn.q_proj.weight"), (std::vector<int>{0, 1, 6, 7, 12, 13, 18, 19}));
  EXPECT_EQ(rows("layers.0.attn.v_proj.weight"), (std::vector<int>{2, 3, 8, 9, 14, 15, 20, 21}));
  EXPECT_EQ(rows("layers.0.attn.k_proj.weight"), (std::vector<int>{4, 5, 10, 11, 16, 17, 22, 23}));
}

// Layers without attention are no reason to refuse those that have some.
TEST(Checkpoint, OneLayerThatASpecSaysIsEnough) {
  const Folder folder("linear");
  json config = small("qwen3_next", {{"layer_types", {"linear_attention", "full_attention"}},
                                     {"partial_rotary_factor", 1.0},
                                     {"num_experts", 2}});
  config["num_hidden_layers"] = 2;
  folder.write("config.json", config);
  const Checkpoint c(folder.path());
  EXPECT_EQ(c.spec(1).attention.gate, Activation::sigmoid);
  EXPECT_EQ(c.spec(Checkpoint::final_norm).norm_slots.attn.in->gain_offset, 1);
  EXPECT_THROW(c.spec(0), Error);
}

}  // namespace
}  // namespace plumbline
