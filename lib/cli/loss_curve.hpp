// A curve as text.
#pragma once

#include <string>
#include <vector>

namespace plumbline::cli {

// The values over their number, as dots in so many rows and at most so many columns, with the largest and the
// smallest beside the first and the last row. Values in one column are averaged.
//   bad input: "" where there are none
std::string curve_text(const std::vector<double>& values, int rows, int columns);

}  // namespace plumbline::cli
