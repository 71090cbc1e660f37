#include "reports/summary/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"
#include "reports/findings/findings_page.hpp"
#include "reports/findings/setting.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

struct Depths {
  int least, most;
};

Depths depths_of(const TrainingRecords& r) {
  const std::vector<int> all = r.depths();
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  return {*least, *most};
}

std::string learned(const TrainingRecords& r, const std::string& layout, int least_depth, int most_depth) {
  const Learned c = learned_runs(r, layout, least_depth, most_depth);
  return share_text(c.learned, c.all);
}

// What one pays for it, besides the norms themselves.
const char* price(const std::string& layout) {
  if (layout == "post_norm") return "more steps: see above";
  if (layout == "deep_norm") return "smaller weights at the start";
  if (layout == "keel") return "two norms a sublayer";
  if (layout == "sandwich") return "two norms a sublayer; a final norm";
  if (layout == "mix_ln") return "two layouts in one model; a final norm";
  if (layout == "layer_norm_scaling") return "gains that depend on the layer; a final norm";
  return "a final norm";
}

std::string layouts_table(const TrainingRecords& r) {
  const auto [shallow, deep] = depths_of(r);
  std::vector<Row> rows;
  for (const std::string& layout : r.layouts()) {
    const auto rate = [&](int depth) {
      const double largest = largest_rate(r, layout, depth);
      return largest > 0 ? fmt::format("{:g}", largest) : std::string("none");
    };
    rows.push_back({layout, learned(r, layout, shallow, shallow), learned(r, layout, deep, deep),
                    rate(shallow), rate(deep), price(layout)});
  }
  return table({"layout", fmt::format("learned, {} layers", shallow), fmt::format("learned, {} layers", deep),
                fmt::format("largest rate, {} layers", shallow), fmt::format("largest rate, {} layers", deep),
                "price"},
               "lrrrrl", rows);
}

// The longer runs with warm-up and without.
struct Patience {
  const TrainingRecords& records;

  std::string learned(const char* layout, bool with_warm_up) const {
    Learned c;
    for (const TrainingRun& run : records.runs)
      if (run.settings.stack.layout->name == layout && (run.settings.warm_up > 0) == with_warm_up)
        ++c.all, c.learned += run.ending == Ending::learned;
    return share_text(c.learned, c.all);
  }
  int warm_up() const {
    int steps = 0;
    for (const TrainingRun& run : records.runs) steps = std::max(steps, run.settings.warm_up);
    return steps;
  }
};

// The layout of which most runs learned at that depth.
std::string best_at(const TrainingRecords& r, int depth) {
  const std::vector<std::string> layouts = r.layouts();
  return *std::max_element(layouts.begin(), layouts.end(), [&](const auto& a, const auto& b) {
    return learned_runs(r, a, depth, depth).learned < learned_runs(r, b, depth, depth).learned;
  });
}

std::string answer_table(const TrainingFiles& training) {
  const TrainingRecords& map = training.map;
  const Patience longer{training.warm_up};
  const auto [shallow, deep] = depths_of(map);
  const auto [less_deep, deepest] = depths_of(training.warm_up);
  const std::string steps = fmt::format("{} steps", training.warm_up.runs.front().settings.steps),
                    depths = fmt::format("{} and {} layers", less_deep, deepest);
  const auto row = [&](const std::string& what, auto of_layout) {
    return Row{what, of_layout("pre_norm"), of_layout("post_norm")};
  };
  return table({"runs that learned", "pre-norm", "post-norm"}, "lrr",
               {row(fmt::format("{} to {} layers, {} steps, no warm-up", shallow, deep,
                                map.runs.front().settings.steps),
                    [&](const char* layout) { return learned(map, layout, shallow, deep); }),
                row(fmt::format("of these: {} layers", deep),
                    [&](const char* layout) { return learned(map, layout, deep, deep); }),
                row(depths + ", " + steps + ", no warm-up",
                    [&](const char* layout) { return longer.learned(layout, false); }),
                row(depths + ", " + steps + ", warm-up",
                    [&](const char* layout) { return longer.learned(layout, true); })});
}

// "the same, but 400 steps of Adam" where nothing else differs.
std::string longer_setting(const TrainingFiles& training) {
  const auto steps = [](const TrainingRecords& r) {
    return fmt::format("{} steps of Adam", r.runs.front().settings.steps);
  };
  std::string text = setting_text(training.map);
  const std::string shorter = steps(training.map), longer = steps(training.warm_up);
  text.replace(text.find(shorter), shorter.size(), longer);
  return text == setting_text(training.warm_up) ? "the same, but " + longer : setting_text(training.warm_up);
}

std::string settings(const TrainingFiles& training) {
  return fmt::format(
      "A run *learned* where its loss ends below {:.2f} nats a byte. That is what the frequencies of single "
      "bytes alone reach, so such a run uses the bytes that came before. Counted are all learning rates and "
      "all "
      "seeds; percentages are the 95 % interval of the share. Setting of the short runs: {}, {} learning "
      "rates. "
      "Of the long ones: {}, {} rates. Weights begin as Xavier has them, at random with variance 2/(inputs + "
      "outputs).\n\n",
      training.map.runs.front().without_context, setting_text(training.map), training.map.rates().size(),
      longer_setting(training), training.warm_up.rates().size());
}

std::string prices(const TrainingFiles& training, const FindingRecords& f) {
  const Patience longer{training.warm_up};
  const auto [shallow, deep] = depths_of(training.map);
  const std::string best = best_at(training.map, deep);
  return fmt::format(
             "When, and at what price:\n\n"
             "- **Warm-up**: the learning rate rises to its value over the first {} steps. In the long runs "
             "pre-norm learned in {} without it and in {} with it; post-norm in {} and in {}.\n",
             longer.warm_up(), longer.learned("pre_norm", false), longer.learned("pre_norm", true),
             longer.learned("post_norm", false), longer.learned("post_norm", true)) +
         fmt::format(
             "- **A final norm**: nothing normalizes pre-norm's stream, so it grows with depth, and one more "
             "norm stands behind the last layer. Without it the mean square of an output row is {} after {} "
             "layers in pre-norm; in post-norm it is {} ({}, Xavier, one seed, all rows).\n",
             mean_square_text(deepest_output(f, "pre_norm")), deepest_output(f, "pre_norm").layers,
             mean_square_text(deepest_output(f, "post_norm")), enclosed_size()) +
         fmt::format(
             "- **Scaled initialisation**: DeepNorm is post-norm with a stream that is multiplied by a "
             "number "
             "above 1 and with weights that begin smaller. In the long runs it learned in {} without "
             "warm-up.\n"
             "- **Very deep stacks**: at {} layers most runs learned with `{}`, {}; "
             "plain pre-norm learned in {}.\n\n",
             longer.learned("deep_norm", false), deep, best, learned(training.map, best, deep, deep),
             learned(training.map, "pre_norm", deep, deep));
}

}  // namespace

std::string advice(const TrainingFiles& training, const FindingRecords& findings) {
  const auto [shallow, deep] = depths_of(training.map);
  const bool pre_is_easier = learned_runs(training.map, "pre_norm", shallow, deep).learned >
                             learned_runs(training.map, "post_norm", shallow, deep).learned;
  return fmt::format(
             "## Which to choose\n\n**{}, unless you know why not.** Small models, really trained:\n\n",
             pre_is_easier ? "Pre-norm" : "Post-norm") +
         answer_table(training) + settings(training) + prices(training, findings);
}

std::string layouts_that_train(const TrainingRecords& map) {
  return fmt::format(
             "## Which layouts train\n\n![training map](training-map.svg)\n\n"
             "Every layout of the map: how many runs learned, and the largest learning rate at which every "
             "seed learned. *Final norm*: one more norm behind the last layer. Setting: {}; no warm-up; {} "
             "rates. What the layouts are, and all losses: [training.md](training.md).\n\n",
             setting_text(map), map.rates().size()) +
         layouts_table(map);
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
