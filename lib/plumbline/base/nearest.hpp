// Which of several names was meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace plumbline {

// The candidate that is the fewest edits away from `word`, for error messages.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
// "the nearest known one is ..." where one is like it, or else "known are ...".
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace plumbline
