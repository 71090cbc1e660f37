#include "reports/summary/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

struct Count {
  int learned = 0, all = 0;
};

// Of all rates and seeds at those depths.
Count count(const TrainingRecords& r, const std::string& layout, int least_depth, int most_depth) {
  Count out;
  for (const TrainingRun& run : r.runs) {
    const int depth = run.settings.stack.n_layers;
    if (run.settings.stack.layout->name != layout || depth < least_depth || depth > most_depth) continue;
    ++out.all;
    out.learned += run.ending == Ending::learned;
  }
  return out;
}

std::string of(const Count& c) { return fmt::format("{} of {}", c.learned, c.all); }

// What one pays for it, besides the norms themselves.
const char* price(const std::string& layout) {
  if (layout == "post_norm") return "patience: see training.md";
  if (layout == "deep_norm") return "weights scaled down at the start, by the number of layers";
  if (layout == "keel") return "two norms a sublayer; the stream is multiplied by the number of sublayers";
  if (layout == "sandwich") return "two norms a sublayer, and one behind the last layer";
  if (layout == "mix_ln") return "two layouts in one model; a norm behind the last layer";
  if (layout == "layer_norm_scaling") return "gains that depend on the layer; a norm behind the last layer";
  return "a norm behind the last layer";
}

std::string layouts_table(const TrainingRecords& r, int shallow, int deep) {
  std::vector<Row> rows;
  for (const std::string& layout : r.layouts()) {
    const auto rate = [&](int depth) {
      const double largest = largest_rate(r, layout, depth);
      return largest > 0 ? fmt::format("{:g}", largest) : std::string("none");
    };
    rows.push_back({layout, of(count(r, layout, shallow, shallow)), of(count(r, layout, deep, deep)),
                    rate(shallow), rate(deep), price(layout)});
  }
  return table({"layout", fmt::format("learned, {} layers", shallow), fmt::format("{} layers", deep),
                fmt::format("largest rate, {} layers", shallow), fmt::format("{} layers", deep), "price"},
               "lrrrrl", rows);
}

// What longer runs say, with warm-up and without.
std::string patience_sentence(const TrainingRecords& r) {
  const auto of_layout = [&](const char* layout, bool with_warm_up) {
    Count c;
    for (const TrainingRun& run : r.runs)
      if (run.settings.stack.layout->name == layout && (run.settings.warm_up > 0) == with_warm_up)
        ++c.all, c.learned += run.ending == Ending::learned;
    return of(c);
  };
  const std::vector<int> depths = r.depths();
  return fmt::format(
      "In runs of {} steps with up to {} layers, {} learned in pre-norm and {} in post-norm; with warm-up {} "
      "and {}, and with "
      "DeepNorm's scales {}.",
      r.runs.front().settings.steps, *std::max_element(depths.begin(), depths.end()),
      of_layout("pre_norm", false), of_layout("post_norm", false), of_layout("pre_norm", true),
      of_layout("post_norm", true), of_layout("deep_norm", false));
}

}  // namespace

std::string advice(const TrainingFiles& training) {
  const TrainingRecords& r = training.map;
  std::vector<int> depths = r.depths();
  std::sort(depths.begin(), depths.end());
  const int shallow = depths.front(), deep = depths.back();
  const Count pre = count(r, "pre_norm", shallow, deep), post = count(r, "post_norm", shallow, deep);
  const Count deep_pre = count(r, "pre_norm", deep, deep), deep_post = count(r, "post_norm", deep, deep);
  const bool pre_is_easier = pre.learned > post.learned;
  return fmt::format("## Which to choose\n\n**{}, unless you know why not.** ",
                     pre_is_easier ? "Pre-norm" : "Post-norm") +
         fmt::format(
             "Of small models that were really trained, without any care, {} learned in pre-norm and {} in "
             "post-norm; at {} layers {} and {}. ",
             of(pre), of(post), deep, of(deep_pre), of(deep_post)) +
         "Its price is a norm behind the last layer, and a stream that grows with depth. Post-norm's output "
         "is normalized by "
         "itself. " +
         patience_sentence(training.warm_up) +
         fmt::format(
             "\n\nEach layout at all rates of the map and with all seeds ({}; no warm-up); the largest rate "
             "is that at "
             "which every "
             "seed learned.\n\n",
             setting_text(r)) +
         layouts_table(r, shallow, deep) +
         "![training map](training-map.svg)\n\nA run *learned* where it came to use the "
         "bytes before; [training.md](training.md) has all of it, and what happens inside.\n\n";
}

std::string two_pictures() {
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0, width = 0;
  for (const char* layout : {"pre_norm", "post_norm"}) {
    std::istringstream lines(ascii(picture_of(find_preset(layout).make({}))));
    std::vector<std::string>& column = columns.emplace_back(1, layout);
    for (std::string line; std::getline(lines, line);) column.push_back(line);
    height = std::max(height, column.size());
    for (const std::string& line : column) width = std::max(width, line.size());
  }
  std::string out;
  for (std::size_t i = 0; i < height; ++i) {
    const auto line = [&](std::size_t k) { return i < columns[k].size() ? columns[k][i] : std::string(); };
    out += fmt::format("{:<{}}    {}", line(0), width, line(1));
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return fenced(out);
}

}  // namespace plumbline::reports
