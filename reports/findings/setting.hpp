// The size of the single blocks, and of the stacks, whose outputs are enclosed.
#pragma once

#include <fmt/format.h>

#include <string>

namespace plumbline::reports {

inline constexpr int enclosed_width = 16, enclosed_tokens = 4;

// "d = 16, 4 tokens".
inline std::string enclosed_size() {
  return fmt::format("d = {}, {} tokens", enclosed_width, enclosed_tokens);
}

}  // namespace plumbline::reports
