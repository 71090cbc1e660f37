#include "plumbline/spec/presets.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"

namespace plumbline {
namespace {

BlockSpec sized(const Dimensions& n) {
  BlockSpec s;
  s.d = n.d;
  s.n_layers = n.n_layers;
  s.attention.n_heads = n.n_heads;
  s.attention.n_kv_heads = n.n_kv_heads ? n.n_kv_heads : n.n_heads;
  s.attention.head_dim = n.head_dim ? n.head_dim : n.d / n.n_heads;
  s.ffn.d_ff = n.d_ff ? n.d_ff : 4 * n.d;
  return s;
}

void without_biases(BlockSpec& s) {
  s.attention.bias = {false, false, false, false};
  s.ffn.bias.in = s.ffn.bias.out = false;
}

NormSpec rms(double eps, int gain_offset = 0) {
  return {.kind = NormKind::rms_norm, .eps = eps, .gain_offset = gain_offset, .bias = false};
}

using PlaceNorms = void (*)(BlockSpec& spec, const NormSpec& norm);

void pre_norm(BlockSpec& s, const NormSpec& norm) { s.norm_slots.attn.in = s.norm_slots.ffn.in = norm; }
void post_norm(BlockSpec& s, const NormSpec& norm) { s.norm_slots.attn.post = s.norm_slots.ffn.post = norm; }
void output_norm(BlockSpec& s, const NormSpec& norm) { s.norm_slots.attn.out = s.norm_slots.ffn.out = norm; }
void sandwich(BlockSpec& s, const NormSpec& norm) {
  pre_norm(s, norm);
  output_norm(s, norm);
}
void deep_norm(BlockSpec& s, const NormSpec& norm) {
  post_norm(s, norm);
  s.residual_scale = std::sqrt(std::sqrt(2.0 * s.n_layers));
}
void parallel(BlockSpec& s, const NormSpec& norm) {
  s.norm_slots.attn.in = norm;
  s.topology = Topology::parallel;
  s.parallel_shared_norm = true;
}

BlockSpec placed(BlockSpec s, PlaceNorms place_norms, const NormSpec& norm) {
  AttentionNorms& attn = s.norm_slots.attn;
  FeedForwardNorms& ffn = s.norm_slots.ffn;
  attn.in = attn.out = attn.post = ffn.in = ffn.out = ffn.post = std::nullopt;
  s.topology = Topology::sequential;
  s.parallel_shared_norm = false;
  place_norms(s, norm);
  return s;
}

// A layout with LayerNorm, biases, causal attention and a GELU feed-forward; a final norm where the last
// sublayer does not end in one.
template <PlaceNorms place_norms>
BlockSpec layout_preset(const Dimensions& n) {
  BlockSpec s = placed(sized(n), place_norms, NormSpec{});
  if (!s.norm_slots.ffn.post) s.final_norm = NormSpec{};
  return s;
}

BlockSpec transformer(const Dimensions& n) {
  BlockSpec s = placed(sized(n), post_norm, NormSpec{.eps = 1e-6});
  without_biases(s);
  s.ffn.bias.in = s.ffn.bias.out = true;
  s.attention.mask.kind = MaskKind::bidirectional;
  s.ffn.activation = Activation::relu;
  return s;
}

BlockSpec bert(const Dimensions& n) {
  BlockSpec s = placed(sized(n), post_norm, NormSpec{.eps = 1e-12});
  s.attention.mask.kind = MaskKind::bidirectional;
  return s;
}

BlockSpec gpt2(const Dimensions& n) {
  BlockSpec s = placed(sized(n), pre_norm, NormSpec{});
  s.ffn.activation = Activation::gelu_tanh;
  s.final_norm = NormSpec{};
  return s;
}

BlockSpec gated_decoder(const Dimensions& n, PlaceNorms layout, const NormSpec& norm, Activation act) {
  BlockSpec s = placed(sized(n), layout, norm);
  without_biases(s);
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.activation = act;
  s.position.rope = RopeSpec{.rotary_dim = s.attention.head_dim};
  s.final_norm = norm;
  return s;
}

BlockSpec llama(const Dimensions& n) { return gated_decoder(n, pre_norm, rms(1e-5), Activation::silu); }

BlockSpec gemma2(const Dimensions& n) {
  BlockSpec s = gated_decoder(n, sandwich, rms(1e-6, 1), Activation::gelu_tanh);
  s.attention.softcap.cap = 50;
  return s;
}

BlockSpec olmo2(const Dimensions& n) {
  BlockSpec s = gated_decoder(n, output_norm, rms(1e-6), Activation::silu);
  s.position.rope->base = 500000;
  NormSpec full = rms(1e-6);
  full.width = NormWidth::full_heads;
  s.norm_slots.attn.q = s.norm_slots.attn.k = full;
  return s;
}

template <PlaceNorms place_norms>
constexpr Preset layout(std::string_view name, std::string_view summary, std::string_view source,
                        std::string_view used_by) {
  return {name, summary, source, true, layout_preset<place_norms>, used_by, place_norms};
}

constexpr Preset all_presets[] = {
    layout<pre_norm>(
        "pre_norm", "norm before each sublayer; the stream itself is never normalized", "arXiv 2002.04745",
        "GPT-2, OPT, T5, LLaMA, Mistral, Mixtral, Gemma 1, Qwen 2 and 3, StarCoder 2, MPT, BLOOM, "
        "DeepSeek"),
    layout<post_norm>("post_norm", "norm after each residual add", "arXiv 1706.03762",
                      "the Transformer of 2017, BERT, GPT-1, OPT-350m, BART"),
    layout<sandwich>("sandwich", "norm before the sublayer and on its output", "arXiv 2105.13290",
                     "Gemma 2 and 3, GLM-4"),
    layout<output_norm>("output_norm", "norm on the sublayer's output only", "arXiv 2501.00656",
                        "OLMo 2, Swin v2"),
    layout<deep_norm>("deep_norm", "post_norm with the residual scaled by (2 n_layers)^(1/4)",
                      "arXiv 2203.00555", "DeepNet"),
    layout<parallel>("parallel", "attention and feed-forward read one shared norm and are added together",
                     "kingoflolz/mesh-transformer-jax", "GPT-J, Phi 1 and 2, Cohere, Falcon-7B"),
    {"transformer", "the encoder block of 2017: post_norm, ReLU, no attention biases",
     "tensorflow/tensor2tensor", false, transformer},
    {"bert", "post_norm, erf GELU, bidirectional", "google-research/bert", false, bert},
    {"gpt2", "pre_norm, tanh GELU, final norm", "openai/gpt-2", false, gpt2},
    {"llama", "pre_norm with RMSNorm, RoPE, SwiGLU, no biases", "meta-llama/llama", false, llama},
    {"gemma2", "sandwich with RMSNorm of gain 1 + w, softcap 50, GeGLU", "google/gemma_pytorch", false,
     gemma2},
    {"olmo2", "output_norm with RMSNorm, norms on q and k over all heads", "arXiv 2501.00656", false, olmo2},
};

}  // namespace

std::span<const Preset> presets() { return all_presets; }

const Preset& find_preset(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Preset& p : all_presets) {
    if (p.name == name) return p;
    known.push_back(p.name);
  }
  throw Error("spec.preset: unknown preset " + shown(std::string(name)) + "; " + suggestion(name, known));
}

BlockSpec with_layout(BlockSpec s, std::string_view layout, const NormSpec& norm) {
  std::vector<std::string_view> known;
  for (const Preset& p : all_presets) {
    if (!p.is_layout) continue;
    if (p.name == layout) return placed(std::move(s), p.place_norms, norm);
    known.push_back(p.name);
  }
  throw Error("spec.layout: unknown layout " + shown(std::string(layout)) + "; " + suggestion(layout, known));
}

}  // namespace plumbline
