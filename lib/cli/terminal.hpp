// Text as it suits the terminal that reads it; in a pipe it stays as it is.
#pragma once

#include <optional>
#include <string>

namespace plumbline::cli {

struct Terminal {
  int width;  // columns
  bool colour;
};

// What standard output is, if it is a terminal. No colour where NO_COLOR is set (https://no-color.org) or
// TERM is "dumb".
std::optional<Terminal> terminal();

// A report as text: lines are broken at blanks, with what follows indented alike, save commands, which
// somebody copies; failures stand out, and the last line says in its colour whether there are any.
std::string suited(const std::string& report, const Terminal& terminal, bool is_green);

}  // namespace plumbline::cli
