// Named specs: the layouts (where the norms stand) and a few published models (a layout and everything else).
#pragma once

#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// The dimensions that a preset leaves open; 0 means "derive": n_kv_heads = n_heads, head_dim = d / n_heads,
// d_ff = 4 d.
struct Dimensions {
  int d = 64, n_layers = 1, n_heads = 4, n_kv_heads = 0, head_dim = 0, d_ff = 0;
};

// A named spec, open in its dimensions.
struct Preset {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  bool is_layout;  // a layout says only where the norms stand; its norm may be exchanged
  BlockSpec (*make)(const Dimensions&);
  std::string_view used_by = {};  // of a layout: published models that have it
  // Of a layout: puts that norm where it belongs in a block without any.
  void (*place_norms)(BlockSpec& spec, const NormSpec& norm) = nullptr;
};

// All presets, layouts first.
std::span<const Preset> presets();

// Throws Error, naming the nearest known preset, where there is none of that name.
const Preset& find_preset(std::string_view name);

// Fills the slots of a layout with `norm`: pre_norm fills `in`, post_norm `post`, sandwich `in` and `out`,
// output_norm `out`; deep_norm is post_norm with residual_scale (2 n_layers)^(1/4); parallel shares one `in`.
BlockSpec with_layout(BlockSpec spec, std::string_view layout, const NormSpec& norm);

}  // namespace plumbline
