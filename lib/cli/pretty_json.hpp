// JSON for people: what fits on a line stands on one.
#pragma once

#include <string>

#include "plumbline/spec/json.hpp"

namespace plumbline::cli {

// Two spaces per level; an object or array takes one line where that ends before column `width`.
// The text begins at column `start`; lines after the first one stand behind `indent` spaces or more.
std::string pretty(const Json& json, std::size_t width, std::size_t indent = 0, std::size_t start = 0);

}  // namespace plumbline::cli
