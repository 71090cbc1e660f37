#include "cli/loss_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumbline::cli {
namespace {

std::vector<double> in_columns(const std::vector<double>& values, std::size_t columns) {
  if (values.size() <= columns) return values;
  std::vector<double> out;
  for (std::size_t c = 0; c < columns; ++c) {
    const std::size_t from = values.size() * c / columns, to = values.size() * (c + 1) / columns;
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += values[i];
    out.push_back(sum / double(to - from));
  }
  return out;
}

}  // namespace

std::string curve_text(const std::vector<double>& values, int rows, int columns) {
  if (values.empty()) return "";
  const std::vector<double> shown = in_columns(values, std::size_t(std::max(columns - 8, 8)));
  const auto [least, most] = std::minmax_element(shown.begin(), shown.end());
  const double span = *most > *least ? *most - *least : 1;
  std::string out;
  for (int row = 0; row < rows; ++row) {
    out += row == 0          ? fmt::format("{:6.2f} |", *most)
           : row == rows - 1 ? fmt::format("{:6.2f} |", *least)
                             : fmt::format("{:6} |", "");
    for (const double v : shown) out += std::lround((*most - v) / span * (rows - 1)) == row ? '*' : ' ';
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

}  // namespace plumbline::cli
