// A table as text, as wide as its cells; narrower where the terminal is.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plumbline::cli {

using Row = std::vector<std::string>;

// Two blanks before each line and between columns. Where that is wider than `width`, the widest columns give
// way: their cells are broken, at blanks where they have any.
std::string table(const std::vector<Row>& rows, std::optional<int> width);

}  // namespace plumbline::cli
