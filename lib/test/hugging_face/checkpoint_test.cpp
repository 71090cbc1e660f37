// Parameters are found in one file or in several; what is missing, cut short or of no use is said in a line.
#include "plumbline/hugging_face/checkpoint.hpp"

#include <gtest/gtest.h>

#include "hugging_face/folder.hpp"
#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

using nlohmann::json;

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

TEST(Checkpoint, OneLayerIsEnoughWhicheverItIs) {
  const Folder folder("second");
  folder.write("config.json", llama_config());
  Container c = llama_tensors("model.");
  std::erase_if(c.tensors, [](const auto& t) { return t.first.find("layers.1.") == std::string::npos; });
  folder.write(c);
  const Checkpoint second(folder.path());
  EXPECT_EQ(second.parameters(1).at("layers.0.attn.q_proj.weight"), numbered(8, 6, 1) / 1024);
  EXPECT_THROW(second.parameters(0), Error);
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

// What its layers compute can be said all the same.
TEST_F(BadCheckpoint, NumbersThatAreQuantized) {
  folder.write("config.json", with(llama_config(), {{"quantization_config", {{"bits", 4}}}}));
  EXPECT_EQ(Checkpoint(folder.path()).spec(0), spec_of_config(llama_config()));
  EXPECT_EQ(trouble_with(folder),
            folder.file("config.json") +
                ": quantization_config: expected parameters that are not quantized, found {\"bits\":4}");
}

TEST_F(BadCheckpoint, AShardThatIsCutShort) {
  json index;
  for (const auto& [name, tensor] : llama_tensors().tensors) index["weight_map"][name] = "a.safetensors";
  folder.write(llama_tensors(), "a.safetensors");
  folder.write("model.safetensors.index.json", index);
  const std::string bytes = read_bytes(folder.file("a.safetensors"));
  write_bytes(folder.file("a.safetensors"), bytes.substr(0, bytes.size() - 40));
  EXPECT_TRUE(trouble_with(folder).starts_with(folder.file("a.safetensors") + ": "));
}

TEST_F(BadCheckpoint, AnIndexThatIsNoJson) {
  std::filesystem::remove(folder.file("model.safetensors"));
  write_bytes(folder.file("model.safetensors.index.json"), "{\"weight_map\": ");
  EXPECT_TRUE(trouble_with(folder).starts_with(folder.file("model.safetensors.index.json") + ": "));
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

}  // namespace
}  // namespace plumbline
