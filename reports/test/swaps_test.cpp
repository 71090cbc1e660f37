// One preset in the place of another: what is recorded is what is found, and what was not noticed is said.
#include "measure/swaps.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "reports/architectures/swaps_section.hpp"

namespace plumbline::reports {
namespace {

Json recorded() { return Json::parse(std::ifstream(PLUMBLINE_ORACLE_RECORDS "/swaps.json")); }

Json& row_of(Json& record, std::string_view asked) {
  for (Json& row : record.at("rows"))
    if (row.at("asked") == asked) return row;
  throw Error("no row of " + std::string(asked));
}

Finding answered_by(const char* asked, const char* answers) {
  const Swaps swaps = swaps_of(find_preset(asked), std::vector<std::string>{answers});
  return swaps.judged.at(0).finding;
}

// Two that differ by eps alone, 1e-12 and 1e-5, and two of which one reads fewer biases.
TEST(Swaps, AreNoticed) {
  EXPECT_EQ(answered_by("bert", "bart_encoder"), Finding::wrong);
  EXPECT_EQ(answered_by("phi2", "gptj"), Finding::wrong);
}

// With biases of 0 Phi-2 is GPT-J; a bias of the keys that no query tells apart may as well be left out.
TEST(Swaps, OfTheSameFunctionAreFoundOut) {
  for (const auto& [asked, answers] : {std::pair("gptj", "phi2"), {"mbart_encoder", "whisper_encoder"}}) {
    const Swaps swaps = swaps_of(find_preset(asked), std::vector<std::string>{answers});
    EXPECT_EQ(swaps.judged.at(0).finding, Finding::agrees) << asked;
    EXPECT_TRUE(swaps.judged.at(0).same) << asked;
  }
}

// Red where enclosures that do not meet, or that tell nothing, count as the same.
TEST(Swaps, OfAnotherFunctionAreToldApart) {
  const Dimensions sizes{.d = 12, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 10};
  const BlockSpec bert = find_preset("bert").small(sizes);
  BlockSpec other = bert;
  other.norm_slots.attn.post->eps *= 1 + 1e-9;
  EXPECT_TRUE(is_the_same_function(bert, *reading_of(bert, bert), bert));
  EXPECT_FALSE(is_the_same_function(other, *reading_of(other, bert), bert));
}

// A gate is no tensor of gpt2; its norms stand before the sublayers, and bert reads them behind these.
TEST(Swaps, ReadWhatTheQuestionHas) {
  const auto small = [](const char* preset) { return find_preset(preset).small({.d = 12, .d_ff = 10}); };
  EXPECT_FALSE(reading_of(small("llama"), small("gpt2")));
  const Reading reading = *reading_of(small("bert"), small("gpt2"));
  const auto it = std::ranges::find_if(
      reading, [](const auto& r) { return r.first.name == "layers.0.ffn.norm_post.bias"; });
  ASSERT_NE(it, reading.end());
  EXPECT_EQ(it->second.name, "layers.0.ffn.norm_in.bias");
  const auto of_gpt1 = *reading_of(small("gpt2"), small("gpt1"));
  for (const auto& [own, instead] : of_gpt1)
    EXPECT_TRUE(own.name != "final_norm.weight" || instead.constant == 1);
}

// Presets that are newer than the record are not among its others.
TEST(Swaps, AreRecordedAsTheyAreFound) {
  Json record = recorded();
  const std::vector<std::string> names = record.at("presets");
  for (const char* asked : {"gptj", "llama3", "t5_encoder"}) {
    const Json found = to_json(swaps_of(find_preset(asked), names));
    const Json& row = row_of(record, asked);
    for (const char* key : {"own", "other_tensors", "judged", "findings", "agree"})
      EXPECT_EQ(found.at(key), row.at(key)) << asked << ": " << key;
  }
}

TEST(Swaps, ThatAreNotNoticedStandOnThePage) {
  Json record = recorded();
  EXPECT_EQ(swaps_section(record).find("another one"), std::string::npos);
  row_of(record, "llama")["agree"].push_back({{"answers", "gemma"}, {"same", false}});
  EXPECT_NE(swaps_section(record).find("| llama | gemma | **another one** |"), std::string::npos);
}

}  // namespace
}  // namespace plumbline::reports
