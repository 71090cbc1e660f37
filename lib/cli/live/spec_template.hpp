// A spec whose values may be left open, and the sizes of a question about it.
#pragma once

#include "cli/block_options.hpp"
#include "cli/live/chooser.hpp"

namespace plumbline::cli {

// A spec with the keys "T", "T_k" and "batch" beside its own. {"from": 5, "to": 64} (and "least": 1, as far
// as it may be shrunk) or {"one_of": [...]}, simplest first, stand for a number or any value.
using SpecTemplate = Json;

// A preset whose sizes are open where the command line does not fix them, or the template in a file; one that
// names a preset, or a part of it, and no size leaves its sizes open too. Those of presets avoid the points
// at which mistakes hide: odd widths, several heads, grouped heads where the model has them.
SpecTemplate template_of(const BlockOptions& options);

// Throws Error where a range or a choice is none.
bool is_open(const SpecTemplate& spec);

// Every choice the first, every range at its beginning.
Json simplest(const SpecTemplate& spec);
Json filled_in(const SpecTemplate& spec, Chooser& choose, std::string_view key = "");

// The ranges of sizes that are open, by key; of what is open in several places, all of them together.
using OpenSizes = std::map<std::string, SizeRange, std::less<>>;
OpenSizes open_sizes(const SpecTemplate& spec);

// Whether that value of an open template may be this.
bool admits(const SpecTemplate& open, const Json& value);

// Whether the template has that key somewhere, open, so that its value may be this: what it pins, kernels may
// have compiled in.
bool leaves_open(const SpecTemplate& spec, std::string_view key, const Json& value);

}  // namespace plumbline::cli
