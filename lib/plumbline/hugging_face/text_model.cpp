#include "plumbline/hugging_face/text_model.hpp"

#include <algorithm>

#include "plumbline/hugging_face/config.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;

// A type that has a model of text within, and that one's type where it does not say it. `was_flat`: before
// transformers 5 the keys of the text stood beside those of the images.
struct Whole {
  std::string_view type, of_text;
  bool was_flat = false;
};
constexpr Whole wholes[] = {{"aya_vision", "cohere2"},
                            {"cohere2_vision", "cohere2"},
                            {"gemma3", "gemma3_text"},
                            {"got_ocr2", "qwen2"},
                            {"idefics3", "llama"},
                            {"internvl", "qwen2"},
                            {"janus", "llama"},
                            {"llava", "llama"},
                            {"llava_next", "llama"},
                            {"llava_onevision", "qwen2"},
                            {"mistral3", "mistral"},
                            {"ovis2", "qwen2"},
                            {"perception_lm", "llama"},
                            {"qwen2_audio", "qwen2"},
                            {"qwen2_vl", "qwen2_vl_text", true},
                            {"qwen2_5_vl", "qwen2_5_vl_text", true},
                            {"qwen3_vl", "qwen3_vl_text"},
                            {"smolvlm", "llama"},
                            {"video_llava", "llama"},
                            {"vipllava", "llama"},
                            {"voxtral", "llama"}};

// Sizes that configurations within others leave out, as the classes of their types have them; 0 where they
// follow from the others.
struct Sizes {
  std::string_view type;
  int hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim;
};
constexpr Sizes sizes[] = {
    {"cohere2", 8192, 22528, 40, 64, 0, 0},
    {"gemma3_text", 2304, 9216, 26, 8, 4, 256},
    {"llama", 4096, 11008, 32, 32, 0, 0},
    {"mistral", 4096, 14336, 32, 32, 8, 0},
    {"qwen2", 4096, 22016, 32, 32, 32, 0},
    {"qwen3", 4096, 22016, 32, 32, 32, 128},
    {"qwen2_vl_text", 8192, 29568, 80, 64, 8, 0},
    {"qwen2_5_vl_text", 8192, 29568, 80, 64, 8, 0},
    {"qwen3_vl_text", 4096, 22016, 32, 32, 32, 128},
};

// The keys that stand beside those of the text are of images.
SortedJson without_images(SortedJson config) {
  for (auto it = config.begin(); it != config.end();)
    it = it.key() == "vision_config" || it.key().ends_with("_token_id") ? config.erase(it) : std::next(it);
  return config;
}

void set_where_left_out(SortedJson& config, const Sizes& s) {
  const std::pair<const char*, int> all[] = {{"hidden_size", s.hidden_size},
                                             {"intermediate_size", s.intermediate_size},
                                             {"num_hidden_layers", s.num_hidden_layers},
                                             {"num_attention_heads", s.num_attention_heads},
                                             {"num_key_value_heads", s.num_key_value_heads},
                                             {"head_dim", s.head_dim}};
  for (const auto& [key, size] : all)
    if (size > 0 && (!config.contains(key) || config[key].is_null())) config[key] = size;
}

}  // namespace

TextModel text_model(const SortedJson& config, const std::string& file) {
  Config c(config, file);
  const std::string type = c.text({"model_type"});
  const auto whole = std::ranges::find(wholes, type, &Whole::type);
  if (whole == std::end(wholes)) return {config, ""};
  const SortedJson* within = c.find({"text_config"});
  if (!within && whole->was_flat && c.find({"hidden_size"})) {
    SortedJson flat = without_images(config);
    flat["model_type"] = whole->of_text;
    return {std::move(flat), ""};
  }
  if (!within) c.fail("text_config", "an object, since model_type is \"" + type + "\"", "none");
  c.object("text_config");  // throws where it is none
  TextModel out{*within, "text_config."};
  out.config.emplace("model_type", whole->of_text);
  const std::string of_text = Config(out.config, file, out.path).text({"model_type"});
  if (const auto found = std::ranges::find(sizes, of_text, &Sizes::type); found != std::end(sizes))
    set_where_left_out(out.config, *found);
  return out;
}

bool is_of_text_model(const std::string& parameter) {
  const std::string_view others[] = {"audio", "image", "vision", "visual"};
  return std::ranges::none_of(others, [&](auto word) { return parameter.find(word) != parameter.npos; });
}

}  // namespace plumbline
