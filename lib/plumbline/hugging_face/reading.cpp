#include "plumbline/hugging_face/reading.hpp"

#include "plumbline/block/sizes.hpp"

namespace plumbline {

int layers_said(Config& c) {
  const int layers = c.whole({"num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"});
  if (layers > most_layers)
    c.fail("num_hidden_layers", "at most " + std::to_string(most_layers), std::to_string(layers));
  return layers;
}

BlockSpec block_said(Config& c) {
  BlockSpec s;
  s.d = c.whole({"hidden_size", "n_embd", "n_embed", "d_model", "dim"});
  s.attention.n_heads = s.attention.n_kv_heads =
      c.whole({"num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"});
  s.attention.head_dim = s.d / s.attention.n_heads;
  s.ffn.d_ff = 4 * s.d;
  c.must_be("is_encoder_decoder", false);
  c.must_be("is_decoder", false);
  c.must_be("add_cross_attention", false);
  c.must_be("pruned_heads", Config::Json::object());
  return s;
}

void read_grouped_heads(Config& c, BlockSpec& s, std::optional<int> n_kv_heads, std::optional<int> head_dim) {
  AttentionSpec& a = s.attention;
  a.n_kv_heads = c.whole({"num_key_value_heads"}, n_kv_heads.value_or(a.n_heads));
  a.head_dim = c.whole({"head_dim"}, head_dim.value_or(a.head_dim));
}

void read_activation(Config& c, BlockSpec& s, Config::Keys keys, const std::string& otherwise) {
  read_activation_named(c, s, *keys.begin(), c.text(keys, otherwise));
}

void read_activation_named(Config& c, BlockSpec& s, const char* key, const std::string& said) {
  using enum Activation;
  struct Known {
    std::string_view name;  // of transformers
    Activation activation;
    bool squared = false;
  };
  static constexpr Known known[] = {{"gelu", gelu_erf},
                                    {"gelu_accurate", gelu_tanh},
                                    {"gelu_fast", gelu_tanh},
                                    {"gelu_new", gelu_tanh},
                                    {"gelu_python", gelu_erf},
                                    {"gelu_pytorch_tanh", gelu_tanh},
                                    {"quick_gelu", quick_gelu},
                                    {"relu", relu},
                                    {"relu2", relu, true},
                                    {"silu", silu},
                                    {"swish", silu}};
  std::string names;
  for (const Known& k : known) {
    if (said == k.name) {
      s.ffn.activation = k.activation, s.ffn.squared = k.squared;
      return;
    }
    names += (names.empty() ? "one of " : ", ") + std::string(k.name);
  }
  c.refuse(key, names, Config::Json(said));
}

int whole_of_layer(Config& c, Config::Keys keys, int l, std::optional<int> otherwise) {
  const Config::Json* value = c.find(keys);
  if (!value || !value->is_array()) return c.whole(keys, otherwise);
  if (value->size() <= std::size_t(l) || !(*value)[std::size_t(l)].is_number_integer())
    c.refuse(*keys.begin(), "a whole number for each layer", *value);
  return (*value)[std::size_t(l)].get<int>();
}

bool slides(Config& c, int layer, bool otherwise) {
  const Config::Json* types = c.find({"layer_types"});
  if (!types) return otherwise;
  if (!types->is_array() || types->size() <= std::size_t(layer))
    c.refuse("layer_types", "a list with a type for each layer", *types);
  const Config::Json& type = (*types)[std::size_t(layer)];
  if (type != "sliding_attention" && type != "full_attention")
    c.refuse("layer_types", "full_attention or sliding_attention for layer " + std::to_string(layer), type);
  return type == "sliding_attention";
}

void set_window(BlockSpec& s, std::optional<int> window) {
  s.attention.mask.kind = window ? MaskKind::causal_sliding : MaskKind::causal;
  s.attention.mask.window = window;
}

NormSpec rms_norm(double eps, int gain_offset) {
  return {.kind = NormKind::rms_norm, .eps = eps, .gain_offset = gain_offset, .bias = false};
}
NormSpec layer_norm(double eps) { return {.kind = NormKind::layer_norm, .eps = eps}; }

void pre_norm(BlockSpec& s, const NormSpec& norm) {
  s.norm_slots.attn.in = s.norm_slots.ffn.in = s.final_norm = norm;
}
void post_norm(BlockSpec& s, const NormSpec& norm) { s.norm_slots.attn.post = s.norm_slots.ffn.post = norm; }
void parallel(BlockSpec& s, const NormSpec& norm) {
  s.topology = Topology::parallel;
  s.parallel_shared_norm = true;
  s.norm_slots.attn.in = s.final_norm = norm;
}

void set_attention_bias(BlockSpec& s, bool bias) { s.attention.bias = {bias, bias, bias, bias}; }
void set_qkv_bias(BlockSpec& s, bool bias) { s.attention.bias = {bias, bias, bias, false}; }
void set_ffn_bias(BlockSpec& s, bool bias) { s.ffn.bias = {bias, bias}; }

}  // namespace plumbline
