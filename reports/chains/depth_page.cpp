#include "reports/chains/depth_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "reports/chains/chains_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/render/plot.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* pre_and_post[] = {"pre_norm", "post_norm"};

// A factor of so many powers of ten.
std::string factor(double log10) { return significant(Mp50(pow(Mp50(10), Mp50(log10))), 2); }

std::string factors(const Seeds& log10) {
  return fmt::format("{} ({} … {})", factor(mean(log10)), factor(least(log10)), factor(most(log10)));
}

std::string one_decimal(double x) {
  const std::string text = fmt::format("{:.1f}", x);
  return text == "-0.0" ? "0.0" : text;
}

std::string exponents(const Seeds& v) {
  return fmt::format("{} ({} … {})", one_decimal(mean(v)), one_decimal(least(v)), one_decimal(most(v)));
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string shares(const Seeds& v) {
  const std::string low = percent(least(v)), high = percent(most(v));
  return low == high ? low : low + " … " + high;
}

std::string counts(const Seeds& v) { return fmt::format("{:.0f} … {:.0f}", least(v), most(v)); }

// The sizes in the record's order, without those met before.
std::vector<std::pair<int, int>> sizes(const DepthRecord& r) {
  std::vector<std::pair<int, int>> found;
  for (const StackRecord& s : r.stacks)
    if (std::ranges::find(found, std::pair(s.d, s.tokens)) == found.end()) found.emplace_back(s.d, s.tokens);
  return found;
}

std::string joined(const std::vector<std::string>& parts) {
  if (parts.size() < 2) return parts.empty() ? "" : parts.front();
  return fmt::format("{} and {}", fmt::join(parts.begin(), parts.end() - 1, ", "), parts.back());
}

std::string size_text(const DepthRecord& r) {
  std::vector<std::string> parts;
  for (const auto& [d, tokens] : sizes(r)) parts.push_back(fmt::format("({}, {})", d, tokens));
  return "(d, T) = " + joined(parts);
}

std::string norm_text(const DepthRecord& r) {
  std::vector<std::string> parts;
  for (const StackRecord& s : r.stacks)
    if (std::ranges::find(parts, s.norm) == parts.end()) parts.push_back(s.norm);
  return joined(parts);
}

Seeds gradient_at(const DepthRecord& r, const Which& which, int layers) {
  return gathered(those(r, which), [&](const StackRecord& s) { return s.gradient.at(layers); });
}

std::string gradient_table(const DepthRecord& r, int d) {
  std::vector<Row> rows;
  Row header{"layout", "norm"};
  for (const auto& [layers, seeds] : those(r, {.d = d}).front()->gradient)
    header.push_back(fmt::format("L = {}", layers));
  for (const StackRecord* s : those(r, {.d = d})) {
    Row row{s->layout, s->norm};
    for (const auto& [layers, seeds] : s->gradient)
      if (row.size() < header.size()) row.push_back(factors(seeds));
    rows.push_back(row);
  }
  return table(header, "ll" + std::string(header.size() - 2, 'r'), rows);
}

Row rank_row(const StackRecord& s, Row row) {
  for (const Seeds* v : {&s.largest, &s.median, &s.smallest}) row.push_back(exponents(*v));
  row.push_back(fmt::format("{} of {}", counts(s.directions.rbegin()->second), s.remaining));
  return row;
}

std::string layout_ranks(const DepthRecord& r, int d) {
  std::vector<Row> rows;
  for (const StackRecord* s : those(r, {.d = d})) rows.push_back(rank_row(*s, {s->layout, s->norm}));
  return table({"layout", "norm", "largest", "median", "smallest", "kept"}, "llrrrr", rows);
}

std::string control_ranks(const DepthRecord& r, int d) {
  std::vector<Row> rows;
  for (const char* layout : pre_and_post)
    for (const StackRecord* s : those(r, {.layout = layout, .branches = "", .initialisation = "", .d = d})) {
      const std::string what =
          s->initialisation == "xavier" ? s->branches : s->branches + ", " + s->initialisation;
      rows.push_back(rank_row(*s, {s->layout, s->norm, what}));
    }
  return table({"layout", "norm", "branches", "largest", "median", "smallest", "kept"}, "lllrrrr", rows);
}

std::string gradient_section(const DepthRecord& r) {
  std::string s = fmt::format("## Every layout, over {} seeds\n\n", r.seeds) + r.measured;
  s += "In float64. Weights are drawn nearly normal, of Xavier's variance; deep_norm has its own, smaller "
       "ones. Two "
       "heads, d_ff = 4 d, causal attention, GELU. The factor on the length of a random gradient from the "
       "top of "
       "a stack of L layers to its bottom, behind a final norm where the layout has one: geometric mean "
       "(smallest "
       "… largest of the seeds). What each layout is: [training.md](training.md#the-layouts).\n\n";
  for (const auto& [d, tokens] : sizes(r))
    s += fmt::format("d = {}, {} tokens:\n\n", d, tokens) + gradient_table(r, d);
  const int deep = those(r, {}).front()->gradient.rbegin()->first;
  const auto range = [&](const char* layout) {
    const Seeds v = gradient_at(r, {.layout = layout}, deep);
    return fmt::format("{} … {}", factor(least(v)), factor(most(v)));
  };
  s += length_sentence(r) + fmt::format("\nKeel's factor through {} layers is {}, deep_norm's {}. ", deep,
                                        range("keel"), range("deep_norm"));
  for (const StackRecord* k : those(r, {.layout = "keel"}))
    if (k->gradient.rbegin()->first > deep)
      s += fmt::format("Keel's through {} (d = {}, {}): {}. ", k->gradient.rbegin()->first, k->d, k->norm,
                       factors(k->gradient.rbegin()->second));
  return s + "\n\n";
}

std::string whose_doing(const DepthRecord& r) {
  const auto smallest = [&](const char* layout, const char* branches) {
    const Seeds v = gathered(those(r, {.layout = layout, .branches = branches}),
                             [](const StackRecord& s) { return s.smallest; });
    return fmt::format("{} … {}", one_decimal(least(v)), one_decimal(most(v)));
  };
  return fmt::format(
      "The smallest factor on a direction, as an exponent of 10, over all of these sizes, norms and seeds, "
      "at "
      "Xavier initialisation: in post_norm {} with both branches, {} with attention alone, {} with the "
      "feed-forward alone; in pre_norm {}, {} and {}.\n\n",
      smallest("post_norm", "both"), smallest("post_norm", "attention"),
      smallest("post_norm", "feed-forward"), smallest("pre_norm", "both"), smallest("pre_norm", "attention"),
      smallest("pre_norm", "feed-forward"));
}

std::string rank_section(const DepthRecord& r) {
  std::string s = fmt::format(
      "## Rank: which branch takes it\n\n![directions kept](directions-kept.svg)\n\n"
      "The largest, the median and the smallest factor on a direction through {} layers, as exponents of 10: "
      "−3 "
      "is a thousandth. Mean (smallest … largest) over {} seeds. Norms take some directions away altogether: "
      "a "
      "LayerNorm at the end of a layer leaves T (d − 2), an RMSNorm T (d − 1); elsewhere all T d are left. "
      "Only "
      "those that are left are counted, and the last column says how many of them are kept: at least a "
      "thousandth of the largest factor. The product of the Jacobians is held as [accumulated "
      "QR](../../lib/plumbline/depth/accumulated_qr.hpp), which keeps small factors that the plain product "
      "would "
      "lose to rounding.\n\n",
      r.layers, r.seeds);
  const auto all = sizes(r);
  const auto& [d, tokens] = all[all.size() / 2];
  s += fmt::format("All layouts, d = {}, {} tokens:\n\n", d, tokens) + layout_ranks(r, d);
  s += kept_sentence(r) +
       "\n\n### One branch alone, and another initialisation\n\nThe other branch is silent. *gpt2*: weights "
       "as GPT-2 "
       "draws them, much smaller at these widths.\n\n";
  for (const auto& [width, rows] : all)
    s += fmt::format("d = {}, {} tokens:\n\n", width, rows) + control_ranks(r, width);
  return s + whose_doing(r);
}

}  // namespace

std::string settings_text(const DepthRecord& r) {
  return fmt::format("{} seeds, {}, {}", r.seeds, norm_text(r), size_text(r));
}

bool loses_rank(const DepthRecord& r) {
  return most(gathered(those(r, {.layout = "post_norm"}), kept_share)) <
         least(gathered(those(r, {.layout = "pre_norm"}), kept_share));
}

bool shrinks_like_toy(const DepthRecord& r) {
  const int deep = those(r, {}).front()->gradient.rbegin()->first;
  return Mp50(pow(Mp50(10), Mp50(mean(gradient_at(r, {.layout = "post_norm"}, deep))))) <
         1000 * toy_gain("post_norm", deep);
}

std::string length_sentence(const DepthRecord& r) {
  const auto range = [&](const char* layout, int layers) {
    const Seeds v = gradient_at(r, {.layout = layout}, layers);
    return fmt::format("{} … {}", factor(least(v)), factor(most(v)));
  };
  const auto toy = [](int layers) { return significant(toy_gain("post_norm", layers), 2); };
  const int deep = those(r, {}).front()->gradient.rbegin()->first;
  return fmt::format(
      "In stacks with Xavier weights ({}) the factor on a gradient's length through {} layers is {} in "
      "post_norm, where the toy has {}; through {} layers it is {}, where the toy has {}. In pre_norm it is "
      "{} "
      "and {}.",
      settings_text(r), r.layers, range("post_norm", r.layers), toy(r.layers), deep, range("post_norm", deep),
      toy(deep), range("pre_norm", r.layers), range("pre_norm", deep));
}

std::string kept_sentence(const DepthRecord& r) {
  const auto share = [&](const char* layout) {
    return shares(gathered(those(r, {.layout = layout}), kept_share));
  };
  return fmt::format(
      "In stacks with Xavier weights ({}) the norms alone leave T (d − 2) or T (d − 1) directions in "
      "post_norm and "
      "all T d in pre_norm. Of those that they leave, {} are kept through {} layers in post_norm, and {} in "
      "pre_norm. With GPT-2's initialisation, whose small weights make branches nearly silent at these "
      "widths, {} "
      "are kept in post_norm.",
      settings_text(r), share("post_norm"), r.layers, share("pre_norm"),
      shares(gathered(those(r, {.layout = "post_norm", .initialisation = "gpt2"}), kept_share)));
}

std::string depth_sections(const DepthRecord& r) { return gradient_section(r) + rank_section(r); }

Pages depth_plots(const DepthRecord& r) {
  std::vector<Curve> curves;
  std::string setting;
  for (const char* layout : pre_and_post)
    for (const StackRecord* s : those(r, {.layout = layout, .norm = "layer_norm"})) {
      if (s->directions.size() < 2) continue;  // counted at the last layer alone
      setting = fmt::format("d = {}, {} tokens, {} seeds", s->d, s->tokens, r.seeds);
      const auto add = [&](const char* what, int dashes, double (*of)(const Seeds&)) {
        Curve c{std::string(layout) + what, layout == pre_and_post[0] ? 0 : 1, dashes};
        for (const auto& [layers, seeds] : s->directions) c.points.push_back({layers, of(seeds)});
        curves.push_back(c);
      };
      add(", mean", 1, mean), add(", fewest", 3, least), add(", most", 3, most);
    }
  const Plot plot{"Directions kept: at least a thousandth of the largest factor (LayerNorm, " + setting + ")",
                  "layers", "directions kept", 12, curves};
  return {{"directions-kept.svg", svg(plot)}};
}

}  // namespace plumbline::reports
