// Named specs: the layouts (where the norms stand) and published models (a layout and everything else).
// Layouts are functions, models are files (preset_files.hpp).
#pragma once

#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// The dimensions that a preset leaves open. 0 means "what follows": d = 64 and n_heads = 4 unless a file says
// otherwise, n_kv_heads = n_heads or the part of them that the model has, head_dim = d / n_heads, d_ff = 4 d.
struct Dimensions {
  int d = 0, n_layers = 1, n_heads = 0, n_kv_heads = 0, head_dim = 0, d_ff = 0;
};
inline constexpr int usual_width = 64, usual_heads = 4;

// What a file says (preset_files.hpp).
struct PresetFile;

// A named spec, open in its dimensions.
struct Preset {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  bool is_layout;                 // a layout says only where the norms stand; its norm may be exchanged
  std::string_view used_by = {};  // published models that have it, beside the one of its name
  bool common = false;            // it is in what has no time for all: suites, measurements
  // Of a layout: puts that norm where it belongs in a block without any.
  void (*place_norms)(BlockSpec& spec, const NormSpec& norm) = nullptr;
  const PresetFile* file = nullptr;  // of a model

  // The block in those dimensions; not checked, since some fit together only after other knobs are changed.
  BlockSpec make(const Dimensions& n = {}) const;
  // The same where published numbers are large: with few experts, and a window that few tokens fill.
  BlockSpec small(const Dimensions& n = {}) const;
};

// All presets, layouts first.
std::span<const Preset> presets();
std::span<const Preset> presets_that_are_layouts();

// Throws Error, naming the nearest known preset, where there is none of that name.
const Preset& find_preset(std::string_view name);

// Fills the slots of a layout with `norm`: pre_norm fills `in`, post_norm `post`, sandwich `in` and `out`,
// output_norm `out`; deep_norm is post_norm with residual_scale (2 n_layers)^(1/4); parallel shares one `in`.
BlockSpec with_layout(BlockSpec spec, std::string_view layout, const NormSpec& norm);

}  // namespace plumbline
