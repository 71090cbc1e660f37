// What others wrote, fit to stand in a message: on one line, in ASCII, and not endless.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace plumbline {

inline constexpr std::size_t longest_excerpt = 80;

// The text without quotes, escaped as in JSON; bytes that are no UTF-8 become U+FFFD.
std::string excerpt(const std::string& text, std::size_t longest = longest_excerpt);
std::string excerpt(const nlohmann::json& json);
std::string excerpt(const nlohmann::ordered_json& json);

// A name, in quotes.
std::string shown(const std::string& name);

}  // namespace plumbline
