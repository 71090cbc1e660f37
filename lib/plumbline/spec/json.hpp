// The JSON form of a BlockSpec. The writer is canonical: every knob in full, so that a client needs no
// defaults; knobs of wrong choices appear only where they deviate. The reader also takes the shorthands
// "preset" (with "small", Preset::small), "layout", "norm" and "qk", and fills in defaults. Reading what was
// written gives the same spec, bit for bit.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// Keys keep their order.
using Json = nlohmann::ordered_json;

// The canonical form.
Json to_json(const BlockSpec& spec);
Json to_json(const NormSpec& norm);

// Throws Error naming the key path: unknown keys, with the nearest known one; wrong types; impossible values.
BlockSpec spec_from_json(const Json& json);
// The same where sizes may yet not fit together: of a preset whose knobs will be changed.
BlockSpec unchecked_spec_from_json(const Json& json);

// Parses JSON text; throws Error naming `origin` and the position where it is malformed or repeats a key.
Json parse_json(std::string_view text, const std::string& origin);

}  // namespace plumbline
