// JSON without ambiguity: a key that is given twice is an error, and so is anything malformed or nested so
// deep that no file of ours means it (what walks JSON does so by recursion).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "plumbline/base/error.hpp"

namespace plumbline {

// Throws Error naming `origin` and the position, on one line; also where an object has more keys than that.
void check_strict_json(std::string_view text, const std::string& origin, std::size_t most_keys);

// J is nlohmann::json or ordered_json, both compiled once, as a parser takes seconds. Throws as
// check_strict_json does.
template <class J>
J parse_strict(std::string_view text, const std::string& origin);

}  // namespace plumbline
