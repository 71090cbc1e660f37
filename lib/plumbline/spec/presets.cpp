#include "plumbline/spec/presets.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "plumbline/excerpt.hpp"

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
  s.ffn.bias_in = s.ffn.bias_out = false;
}

NormSpec rms(double eps, int gain_offset = 0) {
  return {.kind = NormKind::rms_norm, .eps = eps, .gain_offset = gain_offset, .bias = false};
}

// A layout with LayerNorm, biases, causal attention and a GELU feed-forward; a final norm where the last
// sublayer does not end in one.
template <const char* layout>
BlockSpec layout_preset(const Dimensions& n) {
  BlockSpec s = with_layout(sized(n), layout, NormSpec{});
  if (!s.ffn_norms.post) s.final_norm = NormSpec{};
  return s;
}

constexpr char pre_norm[] = "pre_norm", post_norm[] = "post_norm", sandwich[] = "sandwich",
               output_norm[] = "output_norm", deep_norm[] = "deep_norm", parallel[] = "parallel";

BlockSpec transformer(const Dimensions& n) {
  BlockSpec s = with_layout(sized(n), post_norm, NormSpec{.eps = 1e-6});
  without_biases(s);
  s.ffn.bias_in = s.ffn.bias_out = true;
  s.attention.mask = MaskKind::bidirectional;
  s.ffn.activation = Activation::relu;
  return s;
}

BlockSpec bert(const Dimensions& n) {
  BlockSpec s = with_layout(sized(n), post_norm, NormSpec{.eps = 1e-12});
  s.attention.mask = MaskKind::bidirectional;
  return s;
}

BlockSpec gpt2(const Dimensions& n) {
  BlockSpec s = with_layout(sized(n), pre_norm, NormSpec{});
  s.ffn.activation = Activation::gelu_tanh;
  s.final_norm = NormSpec{};
  return s;
}

BlockSpec gated_decoder(const Dimensions& n, std::string_view layout, const NormSpec& norm, Activation act) {
  BlockSpec s = with_layout(sized(n), layout, norm);
  without_biases(s);
  s.ffn.kind = FeedForwardKind::glu;
  s.ffn.activation = act;
  s.rope = RopeSpec{.rotary_dim = s.attention.head_dim};
  s.final_norm = norm;
  return s;
}

BlockSpec llama(const Dimensions& n) { return gated_decoder(n, pre_norm, rms(1e-5), Activation::silu); }

BlockSpec gemma2(const Dimensions& n) {
  BlockSpec s = gated_decoder(n, sandwich, rms(1e-6, 1), Activation::gelu_tanh);
  s.attention.logit_softcap = 50;
  return s;
}

BlockSpec olmo2(const Dimensions& n) {
  BlockSpec s = gated_decoder(n, output_norm, rms(1e-6), Activation::silu);
  s.rope->base = 500000;
  NormSpec full = rms(1e-6);
  full.width = NormWidth::full_heads;
  s.attn_norms.q = s.attn_norms.k = full;
  return s;
}

constexpr Preset all_presets[] = {
    {"pre_norm", "norm before each sublayer; the stream itself is never normalized", "arXiv 2002.04745", true,
     layout_preset<pre_norm>,
     "GPT-2, OPT, T5, LLaMA, Mistral, Mixtral, Gemma 1, Qwen 2 and 3, StarCoder 2, MPT, BLOOM, DeepSeek"},
    {"post_norm", "norm after each residual add", "arXiv 1706.03762", true, layout_preset<post_norm>,
     "the Transformer of 2017, BERT, GPT-1, OPT-350m, BART"},
    {"sandwich", "norm before the sublayer and on its output", "arXiv 2105.13290", true,
     layout_preset<sandwich>, "Gemma 2 and 3, GLM-4"},
    {"output_norm", "norm on the sublayer's output only", "arXiv 2501.00656", true,
     layout_preset<output_norm>, "OLMo 2, Swin v2"},
    {"deep_norm", "post_norm with the residual scaled by (2 n_layers)^(1/4)", "arXiv 2203.00555", true,
     layout_preset<deep_norm>, "DeepNet"},
    {"parallel", "attention and feed-forward read one shared norm and are added together",
     "kingoflolz/mesh-transformer-jax", true, layout_preset<parallel>,
     "GPT-J, Phi 1 and 2, Cohere, Falcon-7B"},
    {"transformer", "the encoder block of 2017: post_norm, ReLU, no attention biases",
     "tensorflow/tensor2tensor", false, transformer},
    {"bert", "post_norm, erf GELU, bidirectional", "google-research/bert", false, bert},
    {"gpt2", "pre_norm, tanh GELU, final norm", "openai/gpt-2", false, gpt2},
    {"llama", "pre_norm with RMSNorm, RoPE, SwiGLU, no biases", "meta-llama/llama", false, llama},
    {"gemma2", "sandwich with RMSNorm of gain 1 + w, softcap 50, GeGLU", "google/gemma_pytorch", false,
     gemma2},
    {"olmo2", "output_norm with RMSNorm, norms on q and k over all heads", "arXiv 2501.00656", false, olmo2},
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Preset> presets() { return all_presets; }

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  word = word.substr(0, longest_excerpt);
  return *std::min_element(candidates.begin(), candidates.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
}

// Like enough: at most a third of the longer word, and more than one letter only where there are more than
// three.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  const std::size_t longer = std::max(word.size(), best.size());
  if (3 * std::size_t(edit_distance(word.substr(0, longest_excerpt), best)) <= longer)
    return "the nearest known one is \"" + std::string(best) + "\"";
  std::string all;
  for (const std::string_view c : candidates) all += (all.empty() ? "" : ", ") + std::string(c);
  return "known are " + all;
}

const Preset& find_preset(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Preset& p : all_presets) {
    if (p.name == name) return p;
    known.push_back(p.name);
  }
  throw Error("spec.preset: unknown preset " + shown(std::string(name)) + "; " + suggestion(name, known));
}

BlockSpec with_layout(BlockSpec s, std::string_view layout, const NormSpec& norm) {
  AttentionNorms& attn = s.attn_norms;
  FeedForwardNorms& ffn = s.ffn_norms;
  attn.in = attn.out = attn.post = ffn.in = ffn.out = ffn.post = std::nullopt;
  s.topology = Topology::sequential;
  s.parallel_shared_norm = false;
  if (layout == pre_norm) {
    attn.in = ffn.in = norm;
  } else if (layout == post_norm) {
    attn.post = ffn.post = norm;
  } else if (layout == sandwich) {
    attn.in = attn.out = ffn.in = ffn.out = norm;
  } else if (layout == output_norm) {
    attn.out = ffn.out = norm;
  } else if (layout == deep_norm) {
    attn.post = ffn.post = norm;
    s.residual_scale = std::sqrt(std::sqrt(2.0 * s.n_layers));
  } else if (layout == parallel) {
    attn.in = norm;
    s.topology = Topology::parallel;
    s.parallel_shared_norm = true;
  } else {
    std::vector<std::string_view> known{pre_norm, post_norm, sandwich, output_norm, deep_norm, parallel};
    throw Error("spec.layout: unknown layout " + shown(std::string(layout)) + "; " +
                suggestion(layout, known));
  }
  return s;
}

}  // namespace plumbline
