#include "plumbline/spec/presets.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/spec/preset_files.hpp"

namespace plumbline {
namespace {

BlockSpec sized(const Dimensions& n) {
  BlockSpec s;
  s.d = n.d ? n.d : usual_width;
  s.n_layers = n.n_layers;
  s.attention.n_heads = n.n_heads ? n.n_heads : usual_heads;
  s.attention.n_kv_heads = n.n_kv_heads ? n.n_kv_heads : s.attention.n_heads;
  s.attention.head_dim = n.head_dim ? n.head_dim : s.d / s.attention.n_heads;
  s.ffn.d_ff = n.d_ff ? n.d_ff : 4 * s.d;
  return s;
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

// A block with LayerNorm, biases, causal attention and a GELU feed-forward; a final norm where the last
// sublayer does not end in one.
BlockSpec layout_block(PlaceNorms place_norms, const Dimensions& n) {
  BlockSpec s = placed(sized(n), place_norms, NormSpec{});
  if (!s.norm_slots.ffn.post) s.final_norm = NormSpec{};
  return s;
}

constexpr Preset layout(PlaceNorms place_norms, std::string_view name, std::string_view summary,
                        std::string_view source, std::string_view used_by) {
  return {name, summary, source, true, used_by, true, place_norms};
}

constexpr Preset layouts[] = {
    layout(pre_norm, "pre_norm", "norm before each sublayer; the stream itself is never normalized",
           "arXiv 2002.04745",
           "GPT-2, OPT, T5, LLaMA, Mistral, Mixtral, Gemma 1, Qwen 2 and 3, StarCoder 2, MPT, BLOOM, "
           "DeepSeek"),
    layout(post_norm, "post_norm", "norm after each residual add", "arXiv 1706.03762",
           "the Transformer of 2017, BERT, GPT-1, OPT-350m, BART"),
    layout(sandwich, "sandwich", "norm before the sublayer and on its output", "arXiv 2105.13290",
           "Gemma 2 and 3, GLM-4"),
    layout(output_norm, "output_norm", "norm on the sublayer's output only", "arXiv 2501.00656",
           "OLMo 2, Swin v2"),
    layout(deep_norm, "deep_norm", "post_norm with the residual scaled by (2 n_layers)^(1/4)",
           "arXiv 2203.00555", "DeepNet"),
    layout(parallel, "parallel", "attention and feed-forward read one shared norm and are added together",
           "kingoflolz/mesh-transformer-jax", "GPT-J, Phi 1 and 2, Cohere, Falcon-7B"),
};

std::vector<Preset> with_files() {
  static const std::vector<PresetFile> files = read_preset_files(preset_texts());
  std::vector<Preset> all(std::begin(layouts), std::end(layouts));
  for (const PresetFile& f : files)
    all.push_back({f.name, f.summary, f.source, false, f.used_by, f.common, nullptr, &f});
  return all;
}

}  // namespace

BlockSpec Preset::make(const Dimensions& n) const {
  return file ? block_of(*file, n, false) : layout_block(place_norms, n);
}

BlockSpec Preset::small(const Dimensions& n) const {
  return file ? block_of(*file, n, true) : layout_block(place_norms, n);
}

std::span<const Preset> presets_that_are_layouts() { return layouts; }

std::span<const Preset> presets() {
  static const std::vector<Preset> all = with_files();
  return all;
}

const Preset& find_preset(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Preset& p : presets()) {
    if (p.name == name) return p;
    known.push_back(p.name);
  }
  throw Error("spec.preset: unknown preset " + shown(std::string(name)) + "; " + suggestion(name, known));
}

BlockSpec with_layout(BlockSpec s, std::string_view layout, const NormSpec& norm) {
  std::vector<std::string_view> known;
  for (const Preset& p : layouts) {
    if (p.name == layout) return placed(std::move(s), p.place_norms, norm);
    known.push_back(p.name);
  }
  throw Error("spec.layout: unknown layout " + shown(std::string(layout)) + "; " + suggestion(layout, known));
}

}  // namespace plumbline
