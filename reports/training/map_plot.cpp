#include "reports/training/map_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumbline::reports {
namespace {

constexpr int columns = 3, cell_width = 38, cell_height = 20, left_margin = 44, top_margin = 34, between = 26;

// What a cell shows: the median over the seeds of loss and ending.
struct Cell {
  bool known = false;
  Ending ending = Ending::stuck;
  double loss = 0;
};

Cell cell_of(std::vector<const TrainingRun*> runs) {
  if (runs.empty()) return {};
  const auto rank = [](const TrainingRun* r) { return std::isnan(r->final) ? INFINITY : r->final; };
  std::sort(runs.begin(), runs.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
  const TrainingRun& middle = *runs[runs.size() / 2];
  return {true, middle.ending, middle.final};
}

// From a dark blue, the best loss of all, to a pale one, that of a model without context.
std::string colour(const Cell& c, double best, double without_context) {
  if (!c.known) return "#ffffff";
  if (c.ending == Ending::diverged) return "#d55e00";
  if (c.ending == Ending::stuck) return "#c9c9c9";
  const double t = std::clamp((c.loss - best) / (without_context - best), 0.0, 1.0);
  const auto mixed = [&](int from, int to) { return int(std::lround(from + t * (to - from))); };
  return fmt::format("#{:02x}{:02x}{:02x}", mixed(0, 214), mixed(84, 232), mixed(158, 245));
}

std::string text(double x, double y, const std::string& anchor, const std::string& fill,
                 const std::string& what, int size = 11) {
  return fmt::format(
      "<text x=\"{:g}\" y=\"{:g}\" text-anchor=\"{}\" fill=\"{}\" font-size=\"{}\">{}</text>\n", x, y, anchor,
      fill, size, what);
}

struct Panel {
  const TrainingRecords& records;
  double best, without_context;

  std::string cell(const Cell& c, double x, double y) const {
    std::string out = fmt::format("<rect x=\"{:g}\" y=\"{:g}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", x,
                                  y, cell_width - 2, cell_height - 2, colour(c, best, without_context));
    if (!c.known) return out;
    const bool is_dark = c.ending == Ending::diverged ||
                         (c.ending == Ending::learned && c.loss < (best + without_context) / 2);
    const std::string what = c.ending == Ending::diverged ? "×" : fmt::format("{:.2f}", c.loss);
    return out +
           text(x + (cell_width - 2) / 2.0, y + 13, "middle", is_dark ? "#ffffff" : "#404040", what, 10);
  }

  std::string draw(const std::string& layout, double x, double y) const {
    std::string out = text(x, y - 8, "start", "#202020", layout, 13);
    std::vector<int> depths = records.depths();
    std::sort(depths.rbegin(), depths.rend());
    const std::vector<double> rates = records.rates();
    for (std::size_t i = 0; i < depths.size(); ++i) {
      out += text(x - 6, y + double(i) * cell_height + 13, "end", "#404040", std::to_string(depths[i]));
      for (std::size_t j = 0; j < rates.size(); ++j)
        out += cell(cell_of(records.of(layout, depths[i], rates[j])), x + double(j) * cell_width,
                    y + double(i) * cell_height);
    }
    for (std::size_t j = 0; j < rates.size(); ++j)
      out += text(x + (double(j) + 0.5) * cell_width - 1, y + double(depths.size()) * cell_height + 11,
                  "middle", "#404040", fmt::format("{:g}", rates[j]), 10);
    return out;
  }
};

}  // namespace

std::string map_svg(const TrainingRecords& records) {
  Panel panel{records, INFINITY, 0};
  for (const TrainingRun& r : records.runs) {
    if (r.ending == Ending::learned) panel.best = std::min(panel.best, r.final);
    panel.without_context = r.without_context;
  }
  const std::vector<std::string> layouts = records.layouts();
  const int width = left_margin + int(records.rates().size()) * cell_width + between / 2,
            height = top_margin + int(records.depths().size()) * cell_height + between;
  const int rows = (int(layouts.size()) + columns - 1) / columns;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      columns * width, rows * height + 40);
  for (std::size_t k = 0; k < layouts.size(); ++k)
    out += panel.draw(layouts[k], double(int(k) % columns * width + left_margin),
                      double(int(k) / columns * height + top_margin));
  out += text(
      columns * width / 2.0, rows * height + 16, "middle", "#202020",
      "layers (upwards) by learning rate (to the right); the number is the loss, × a run that diverged", 12);
  out += text(columns * width / 2.0, rows * height + 32, "middle", "#202020",
              "blue: learned from the context; grey: no better than the frequencies of bytes", 12);
  return out + "</svg>\n";
}

}  // namespace plumbline::reports
