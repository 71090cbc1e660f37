// Presets that are files: lib/plumbline/spec/presets/NAME.json, which the build puts into the library
// (embed_presets.cmake). A file has these keys:
//
//   summary, source   what it is, in a line; where it was read
//   used_by           other models that have it (optional)
//   common            true: it stands where all presets would take too long (optional)
//   spec              a spec as anybody writes one: "preset" is where it begins, a layout or another file
//   small             what a small block has otherwise, so that few tokens visit its structure: fewer
//                     experts, a shorter window (optional)
//   hugging_face      config: a published config.json, as far as layers follow from it; layer: which one
//                     (optional); lib/test/hugging_face/presets_test.cpp compares what is read of it
//
// A file that begins with another one has all of that one's spec but for what it says itself, object by
// object.
//
// What follows from a dimension is a text, "head_dim / 4" or "d * 3 / 14": a dimension, times a whole number,
// over one, rounded down, at least 1. Positions turn whole pairs of channels, so rotary_dim and rope_dim are
// even; n_kv_heads is the largest divisor of n_heads that is no more.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/spec/json.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {

// A file as it is in the library.
struct PresetText {
  std::string_view name, text;
};
std::span<const PresetText> preset_texts();

// A file that was read. Its spec, and what a small one has otherwise, lie over those that it begins with.
struct PresetFile {
  std::string name, summary, source, used_by;
  bool common = false;
  Json spec, small = Json::object(), hugging_face;
};

// Throws Error that names the file where it is no such; a key is missing or unknown, or the preset is unknown
// that it begins with.
std::vector<PresetFile> read_preset_files(std::span<const PresetText> texts);

// Its block in those dimensions, which may yet not fit together. Throws Error that names the file.
BlockSpec block_of(const PresetFile& file, const Dimensions& n, bool small);

}  // namespace plumbline
