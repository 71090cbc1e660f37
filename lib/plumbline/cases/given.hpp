// What a question says of its keys, drawn so that each query sees one, or, where that is asked for, so that
// some see none.
#pragma once

#include <functional>

#include "plumbline/block/evaluate.hpp"

namespace plumbline {

// How many sequences, and of how many tokens and keys.
struct GivenSizes {
  int batch, tokens, keys;
};

// A whole number from the least to the most.
using DrawWhole = std::function<int(int least, int most)>;

// Whether an input of that name is a boolean mask, or counts.
bool chooses_keys(const BlockSpec& spec, std::string_view name);

// Boolean masks, lengths and segments as the spec asks for them, under their names. A query that would see no
// key gets the last one that its position, its segment and the lengths leave it; where these leave it none,
// all keys of its sequence have its segment, and none is padding.
void draw_given(Parameters<double>& out, const BlockSpec& spec, GivenSizes sizes, const DrawWhole& whole);

}  // namespace plumbline
