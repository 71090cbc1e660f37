// Line plots as SVG, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace plumbline::reports {

struct Curve {
  std::string title;
  int colour = 0;  // curves of one colour speak of one thing
  int dashes = 1;  // 1 solid, 2 dashed, 3 dotted, as gnuplot counts
  std::vector<std::pair<double, double>> points = {};
};

struct Plot {
  std::string title, x_label, y_label;
  int x_step = 0;  // between ticks; 0: as gnuplot likes
  std::vector<Curve> curves = {};
};

// The SVG text; y is logarithmic. Throws std::runtime_error where gnuplot cannot be run.
std::string svg(const Plot& plot);

}  // namespace plumbline::reports
