#include "cli/table.hpp"

#include <algorithm>
#include <numeric>

namespace plumbline::cli {
namespace {

constexpr int narrowest_column = 6, gap = 2;

std::vector<std::size_t> widths_of(const std::vector<Row>& rows, std::optional<int> width) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  while (width && !widths.empty()) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    const std::size_t total = std::accumulate(widths.begin(), widths.end(), gap * widths.size());
    if (total <= std::size_t(*width) || *widest <= narrowest_column) break;
    --*widest;
  }
  return widths;
}

// Takes a first line of at most so many characters from the text.
std::string taken(std::string& text, std::size_t width) {
  std::size_t at = text.size();
  if (at > width) {
    const std::size_t blank = text.rfind(' ', width);
    at = blank == text.npos || blank == 0 ? width : blank;
  }
  const std::string line = text.substr(0, at);
  text.erase(0, at);
  text.erase(0, text.find_first_not_of(' '));
  return line;
}

}  // namespace

std::string table(const std::vector<Row>& rows, std::optional<int> width) {
  const std::vector<std::size_t> widths = widths_of(rows, width);
  std::string out;
  for (Row row : rows) do {
      std::string line;
      for (std::size_t c = 0; c < row.size(); ++c) {
        line += std::string(gap, ' ');
        const std::string cell = taken(row[c], widths[c]);
        line += cell + std::string(widths[c] - cell.size(), ' ');
      }
      out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
    } while (std::any_of(row.begin(), row.end(), [](const std::string& cell) { return !cell.empty(); }));
  return out;
}

}  // namespace plumbline::cli
