// A spec whose values may be left open, and the sizes of a question about it.
#pragma once

#include "plumbline/campaign/chooser.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// A spec with the keys "T", "T_k" and "batch" beside its own. {"from": 5, "to": 64} (and "least": 1, as far
// as it may be shrunk) or {"one_of": [...]}, simplest first, stand for a number or any value.
using SpecTemplate = Json;

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

}  // namespace plumbline
