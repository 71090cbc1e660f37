#include "reports/training/training_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/training/map_plot.hpp"

namespace plumbline::reports {
namespace {

using Records = TrainingRecords;

constexpr const char* beginning = R"(# Training, really run

Small models that predict the next byte of a text, trained on the texts of the licences that every Debian 12 has. Which
layouts begin to learn at once, how deep, and at which learning rate? Blocks and gradients are computed by the library's
own code, in float32 with sums in a fixed order: each run below has the same bits on every x86-64 machine.
`plumbline train --layout post_norm --layers 48` repeats one. What the layouts are stands [at the end](#the-layouts).

Setting: {}. No warm-up: the learning rate is the same from the first step on. A *seed* is what weights and data are drawn
from; “2.99 (2.98 … 3.00)” is the mean over the seeds, the smallest and the largest. Losses are in nats a byte.
These are small models and short runs: they show which stacks begin to learn without any care, and no more.

A run **learned** where its loss on sixteen sequences, the same for all, ends below {:.2f}: what the frequencies of single
bytes alone reach. So it uses the bytes that came before. It is **stuck** where it does no better than these frequencies. It
**diverged** where a loss is no number, or above that of a model that knows nothing, log 256 = {:.2f}.

## The map

![training map](training-map.svg)

Each cell shows the loss at the end: the median of the seeds.

)";

std::string mean_and_range(const std::vector<double>& x) {
  if (x.empty()) return "";
  double sum = 0;
  for (double v : x) sum += v / double(x.size());
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  const auto text = [](double v) { return significant(Mp50(v)); };
  return fmt::format("{} ({} … {})", text(sum), text(*least), text(*most));
}

template <class Get>
std::string by_depth(const Records& r, Get cell) {
  Row header{"layout"};
  for (int depth : r.depths()) header.push_back(fmt::format("{} layers", depth));
  std::vector<Row> rows;
  for (const std::string& layout : r.layouts()) {
    Row row{layout};
    for (int depth : r.depths()) row.push_back(cell(layout, depth));
    rows.push_back(row);
  }
  return table(header, "l" + std::string(r.depths().size(), 'r'), rows);
}

std::string rate_text(double rate) { return rate > 0 ? fmt::format("{:g}", rate) : "none"; }

std::string largest_rates(const Records& r) {
  return "## The largest learning rate that trains\n\nThe largest of the rates of the map at which every "
         "seed "
         "learned.\n\n" +
         by_depth(r, [&](const std::string& layout, int depth) {
           return rate_text(largest_rate(r, layout, depth));
         });
}

std::string best_losses(const Records& r) {
  return "## The loss that is reached\n\nAt the best of the rates at which every seed learned: the mean "
         "over the seeds, the "
         "smallest and the largest.\n\n" +
         by_depth(r, [&](const std::string& layout, int depth) {
           std::vector<double> losses;
           if (const double rate = best_rate(r, layout, depth); rate > 0)
             for (const TrainingRun* run : r.of(layout, depth, rate)) losses.push_back(run->final);
           return losses.empty() ? std::string("none learned") : mean_and_range(losses);
         });
}

struct Endings {
  int learned = 0, diverged = 0, all = 0;
};

Endings endings(const Records& r, const std::string& layout, int depth) {
  Endings out;
  for (double rate : r.rates())
    for (const TrainingRun* run : r.of(layout, depth, rate)) {
      ++out.all;
      out.learned += run->ending == Ending::learned;
      out.diverged += run->ending == Ending::diverged;
    }
  return out;
}

std::string deepest_section(const Records& r) {
  const std::vector<int> depths = r.depths();
  const int depth = *std::max_element(depths.begin(), depths.end());
  std::vector<Row> rows;
  for (const std::string& layout : r.layouts()) {
    const Endings e = endings(r, layout, depth);
    rows.push_back({layout, share_text(e.learned, e.all), share_text(e.all - e.learned - e.diverged, e.all),
                    share_text(e.diverged, e.all)});
  }
  return fmt::format(
             "## {} layers: is it post-norm?\n\nOf the runs at all {} learning rates and with all seeds: how "
             "many "
             "learned, were stuck, diverged. In brackets stands the 95 % interval of the share (Wilson), as "
             "if runs "
             "were drawn at random from all rates of the map.\n\n",
             depth, r.rates().size()) +
         table({"layout", "learned", "stuck", "diverged"}, "lrrr", rows);
}

// A quantity of the layers at one snapshot: the bottom's over the top's, say.
using Quantity = double (*)(const std::vector<double>& of_layers);

std::string of_snapshots(const Records& r, int depth, const char* key, std::size_t snapshot,
                         Quantity quantity, const std::string& layout) {
  std::vector<double> values;
  const double best = best_rate(r, layout, depth), rate = best > 0 ? best : r.rates()[r.rates().size() / 2];
  for (const TrainingRun* run : r.of(layout, depth, rate)) {
    if (snapshot >= run->snapshots.size()) continue;
    const Json& of_layers = run->snapshots[snapshot].at(key);
    if (std::all_of(of_layers.begin(), of_layers.end(), [](const Json& v) { return v.is_number(); }))
      values.push_back(quantity(of_layers.get<std::vector<double>>()));
  }
  return mean_and_range(values);
}

double bottom_over_top(const std::vector<double>& v) { return v.front() / v.back(); }
double top(const std::vector<double>& v) { return v.back(); }
double largest(const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); }

std::string inside_section(const Records& r, int depth) {
  std::vector<Row> gradients, streams;
  for (const std::string& layout : r.layouts()) {
    const auto at = [&](const char* key, std::size_t snapshot, Quantity q) {
      return of_snapshots(r, depth, key, snapshot, q, layout);
    };
    gradients.push_back({layout, at("gradient", 0, bottom_over_top), at("gradient", 4, bottom_over_top),
                         at("update", 0, bottom_over_top), at("update", 4, bottom_over_top)});
    streams.push_back({layout, at("directions", 0, top), at("directions", 4, top), at("largest", 0, largest),
                       at("largest", 4, largest)});
  }
  return fmt::format(
             "## Inside {} layers\n\nAt the best rate of each layout or, where nothing learned, at the "
             "middle one: "
             "mean, smallest and largest of the seeds. The gradient of the first layer's parameters over "
             "that of the "
             "last layer's; and the same of the update, the change of the parameters in one step over their "
             "length. 1: first and last layer learn alike.\n\n",
             depth) +
         table({"layout", "gradient, first step", "last step", "update, first step", "last step"}, "lrrrr",
               gradients) +
         "The stream, the vectors that run through all layers. *Directions used* behind the last layer: (tr "
         "S)² / "
         "tr S², S being the matrix of second moments of its rows. It is 1 where all tokens are alike, and "
         "at most "
         "d. *Largest entry*, over the root mean square of the stream: the largest of the first, the last "
         "and three "
         "layers between. Normal numbers have a few; what is called a massive activation has far more.\n\n" +
         table(
             {"layout", "directions used, first step", "last step", "largest entry, first step", "last step"},
             "lrrrr", streams);
}

// The best rate at which every seed learned, and the loss there.
std::string best_text(const Records& r, const std::string& layout, int depth, int warm_up) {
  const double rate = best_rate(r, layout, depth, warm_up);
  if (!(rate > 0)) return "none learned";
  std::vector<double> losses;
  for (const TrainingRun* run : r.of(layout, depth, rate, warm_up)) losses.push_back(run->final);
  return fmt::format("{} at {:g}", mean_and_range(losses), rate);
}

std::string patience_section(const Records& r) {
  std::vector<int> warm_ups;
  for (const TrainingRun& run : r.runs)
    if (std::find(warm_ups.begin(), warm_ups.end(), run.settings.warm_up) == warm_ups.end())
      warm_ups.push_back(run.settings.warm_up);
  Row header{"layout", "warm-up"};
  for (int depth : r.depths()) header.push_back(fmt::format("{} layers", depth));
  std::vector<Row> rows;
  for (const std::string& layout : r.layouts())
    for (int warm_up : warm_ups) {
      Row row{layout, warm_up ? fmt::format("{} steps", warm_up) : "none"};
      for (int depth : r.depths()) row.push_back(best_text(r, layout, depth, warm_up));
      rows.push_back(row);
    }
  return fmt::format(
             "## What patience and warm-up repair\n\nThe same in longer runs ({}), at the rates {}. With "
             "warm-up the "
             "rate rises to its value over the first steps. Shown is the loss at the best rate at which "
             "every seed "
             "learned (mean, smallest and largest of the seeds), and that rate.\n\n",
             setting_text(r), fmt::join(r.rates(), ", ")) +
         table(header, "ll" + std::string(r.depths().size(), 'r'), rows);
}

std::string layouts_section(const Records& r) {
  std::vector<Row> rows;
  for (const std::string& name : r.layouts()) {
    const StackLayout& layout = find_stack_layout(name);
    rows.push_back({name, std::string(layout.formula), layout.has_final_norm ? "yes" : "no",
                    std::string(layout.source)});
  }
  return "## The layouts\n\n" + table({"layout", "a sublayer of it", "final norm", "source"}, "llll", rows) +
         "x is the stream, F a sublayer (attention or feed-forward), N a norm, L the number of layers. "
         "*Final norm*: "
         "one more norm behind the last layer. Weights begin as Xavier has them, of variance 2/(inputs + "
         "outputs); "
         "those of deep_norm by its own rule, which divides the weights of values, outputs and feed-forward "
         "by (8 "
         "L)^(1/4).\n";
}

}  // namespace

std::string share_text(int of, int n) {
  const Share s = share(of, n);
  return fmt::format("{} of {} ({:.0f} … {:.0f} %)", of, n, 100 * s.least, 100 * s.most);
}

std::string setting_text(const Records& r) {
  const TrainingSettings& s = r.runs.front().settings;
  return fmt::format(
      "d = {}, {} heads, d_ff = {}, {}, {} bytes, {} sequences a step, {} steps of Adam, {} seeds", s.stack.d,
      s.stack.n_heads, s.stack.d_ff, s.stack.norm == NormKind::layer_norm ? "LayerNorm" : "RMSNorm", s.tokens,
      s.batch, s.steps, r.seeds().size());
}

TrainingFiles read_training_files() {
  const std::string folder = PLUMBLINE_TRAINING_RECORDS;
  return {read_training(folder + "/map.jsonl"), read_training(folder + "/warm-up.jsonl")};
}

Pages training_pages(const TrainingFiles& files) {
  const Records& r = files.map;
  const std::vector<int> depths = r.depths();
  return {{"training.md", fmt::format(fmt::runtime(beginning), setting_text(r),
                                      r.runs.front().without_context, std::log(256.0)) +
                              largest_rates(r) + best_losses(r) + deepest_section(r) +
                              inside_section(r, depths[depths.size() / 2]) + patience_section(files.warm_up) +
                              layouts_section(r)},
          {"training-map.svg", map_svg(r)}};
}

}  // namespace plumbline::reports
