// What others wrote, fit to stand in a message: on one line, in ASCII, and not endless.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace plumbline {

inline constexpr std::size_t longest_excerpt = 80;

// The text without quotes, or a value, as JSON writes it in ASCII; bytes that are no UTF-8 become U+FFFD.
// After `longest` characters, of a value after longest_excerpt, it is cut, and "..." follows.
std::string excerpt(const std::string& text, std::size_t longest = longest_excerpt);
std::string excerpt(const nlohmann::json& json);
std::string excerpt(const nlohmann::ordered_json& json);

// The excerpt of a name, in quotes.
std::string shown(const std::string& name);

}  // namespace plumbline
