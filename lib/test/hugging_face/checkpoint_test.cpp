// Parameters are found wherever they lie, in every packing; of what is missing, cut short or of no use a line
// says where.
#include "plumbline/hugging_face/checkpoint.hpp"

#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

std::string trouble_with(const Folder& folder, int l = 0) {
  try {
    Checkpoint(folder.path()).parameters(l);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

std::string in_quotes(const std::string& text) { return "\"" + text + "\""; }

const char* const q0 = "model.layers.0.self_attn.q_proj.weight";

TEST(Checkpoint, TheParametersOfALayerAreThere) {
  const Folder folder("llama");
  folder.write("config.json", llama_config());
  for (const char* prefix : {"", "model.", "transformer.model."}) {
    folder.write(llama_tensors(prefix));
    const Checkpoint c(folder.path());
    EXPECT_EQ(c.layers(), 2);
    const Parameters<double> p = c.parameters(1);
    EXPECT_EQ(p.size(), 9u);
    EXPECT_EQ(p.at("layers.0.attn.q_proj.weight"), numbered(8, 6, 1) / 1024);
    EXPECT_EQ(p.at("layers.0.ffn.norm_in.weight"), numbered(1, 6, 2));
    EXPECT_EQ(c.parameters(Checkpoint::final_norm).at("norm.weight"), numbered(1, 6, 3));
  }
}

TEST(Checkpoint, ShardsAreFoundByTheirIndex) {
  const Folder folder("shards");
  folder.write("config.json", llama_config());
  Container all = llama_tensors(), first, second;
  json index;
  for (auto& [name, tensor] : all.tensors) {
    const bool is_first = name.find("proj") != name.npos;
    index["weight_map"][name] = is_first ? "a.safetensors" : "b.safetensors";
    (is_first ? first : second).tensors[name] = tensor;
  }
  folder.write(first, "a.safetensors");
  folder.write(second, "b.safetensors");
  folder.write("model.safetensors.index.json", index);
  EXPECT_EQ(Checkpoint(folder.path()).parameters(0).at("layers.0.attn.k_proj.weight"), numbered(4, 6) / 1024);
  index["weight_map"][q0] = "b.safetensors";  // lies
  folder.write("model.safetensors.index.json", index);
  EXPECT_EQ(trouble_with(folder), folder.file("b.safetensors") + ": tensor " + in_quotes(q0) +
                                      ": expected it here, as model.safetensors.index.json says, found none");
  index["weight_map"][q0] = "c.safetensors";
  folder.write("model.safetensors.index.json", index);
  EXPECT_EQ(trouble_with(folder),
            folder.file("c.safetensors") + ": cannot be opened: No such file or directory");
  index["weight_map"][q0] = "../a.safetensors";
  folder.write("model.safetensors.index.json", index);
  EXPECT_EQ(trouble_with(folder), folder.file("model.safetensors.index.json") + ": tensor " + in_quotes(q0) +
                                      ": expected the name of a file beside it, found \"../a.safetensors\"");
  folder.write("model.safetensors.index.json", json{{"metadata", 1}});
  EXPECT_EQ(trouble_with(folder), folder.file("model.safetensors.index.json") +
                                      ": expected an object with weight_map, found {\"metadata\":1}");
}

TEST(Checkpoint, NumbersAreExactInEveryType) {
  const Folder folder("types");
  folder.write("config.json", llama_config());
  for (const Dtype dtype : {Dtype::bf16, Dtype::f16, Dtype::f64}) {
    Container c = llama_tensors();
    const Matrix<double> x = Matrix<double>::Constant(8, 6, -0.34375);
    c.tensors[q0] = stored_matrix(x, dtype);
    folder.write(c);
    EXPECT_EQ(Checkpoint(folder.path()).parameters(0).at("layers.0.attn.q_proj.weight"), x);
  }
}

class BadCheckpoint : public testing::Test {
 protected:
  void SetUp() override { folder.write("config.json", llama_config()); }
  // What is said where the tensors of a good folder are changed.
  std::string after(const std::function<void(Container&)>& change) const {
    Container c = llama_tensors();
    change(c);
    folder.write(c);
    return trouble_with(folder);
  }
  std::string about(const std::string& tensor, const std::string& what) const {
    return folder.file("model.safetensors") + ": tensor " + in_quotes(tensor) + ": expected " + what;
  }

  const Folder folder{"bad"};
};

TEST_F(BadCheckpoint, NoTensors) {
  EXPECT_EQ(trouble_with(folder),
            folder.path() + ": expected model.safetensors or model.safetensors.index.json, found neither");
}

TEST_F(BadCheckpoint, AMissingTensor) {
  EXPECT_EQ(after([](Container& c) { c.tensors.erase(q0); }), about(q0, "it with shape [8, 6], found none"));
}

TEST_F(BadCheckpoint, AnotherShape) {
  EXPECT_EQ(after([](Container& c) { c.tensors[q0] = stored_matrix(numbered(6, 8)); }),
            about(q0, "shape [8, 6], found [6, 8]"));
}

TEST_F(BadCheckpoint, AnotherType) {
  EXPECT_EQ(after([](Container& c) { c.tensors[q0] = stored_matrix(numbered(8, 6), Dtype::i64); }),
            about(q0, "a dtype of F64, F32, BF16, F16, found \"I64\""));
}

TEST_F(BadCheckpoint, ATypeThatIsUnknownMattersWhereItIsRead) {
  Container c = llama_tensors();
  folder.write(c);
  std::string bytes = read_bytes(folder.file("model.safetensors"));
  const std::size_t at = bytes.find("F32", bytes.find(q0));
  write_bytes(folder.file("model.safetensors"), bytes.replace(at, 3, "F8X"));
  EXPECT_EQ(trouble_with(folder), about(q0, "a dtype of F64, F32, BF16, F16, found \"F8X\""));
  EXPECT_EQ(trouble_with(folder, 1), "");
}

TEST_F(BadCheckpoint, NoNumbers) {
  Matrix<double> x = numbered(8, 6);
  x(1, 2) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(after([&](Container& c) { c.tensors[q0] = stored_matrix(x); }),
            about(q0, "finite numbers, found inf at index 8"));
}

TEST_F(BadCheckpoint, DataThatAreCutShort) {
  folder.write(llama_tensors());
  const std::string bytes = read_bytes(folder.file("model.safetensors"));
  write_bytes(folder.file("model.safetensors"), bytes.substr(0, bytes.size() - 4));
  const std::string said = trouble_with(folder);
  EXPECT_NE(said.find(folder.file("model.safetensors") + ": tensor "), std::string::npos) << said;
  EXPECT_NE(said.find(": expected data up to byte "), std::string::npos) << said;
  write_bytes(folder.file("model.safetensors"), bytes.substr(0, 5));
  EXPECT_EQ(trouble_with(folder),
            folder.file("model.safetensors") + ": expected 8 bytes for the length of the header, found 5");
}

TEST_F(BadCheckpoint, ATensorThatNobodyKnows) {
  const std::string bias = "model.layers.0.self_attn.q_proj.bias";
  EXPECT_EQ(after([&](Container& c) { c.tensors[bias] = stored_vector(numbered(1, 8)); }),
            about(bias, "none of that name, since config.json says nothing of it, found one"));
  EXPECT_EQ(after([&](Container& c) {
              c.tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = stored_vector(numbered(1, 2));
            }),
            "");
}

TEST_F(BadCheckpoint, TwoModels) {
  EXPECT_EQ(after([](Container& c) { c.tensors.merge(llama_tensors("draft.").tensors); }),
            folder.file("model.safetensors") +
                ": expected one model with layers, found several: \"draft.layers.0.input_layernorm\" and "
                "\"model.layers.0.input_layernorm\"");
  folder.write(Container{});
  EXPECT_EQ(trouble_with(folder),
            folder.file("model.safetensors") +
                ": expected tensors such as \"layers.0.input_layernorm.weight\", found none");
}

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
