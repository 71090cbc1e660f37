#include "reports/chains/chains_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/chains/depth_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/render/plot.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* layouts[] = {"pre_norm", "post_norm"};

std::string text(const Band& b) {
  return significant(b.mean) + " (" + significant(b.least) + " … " + significant(b.most) + ")";
}

template <class F>
Curve curve(const std::string& layout, const std::string& what, int dashes, int first, F value) {
  Curve c{layout + what, layout == "pre_norm" ? 0 : 1, dashes};
  for (int n = first; n <= deepest; ++n) c.points.push_back({n, static_cast<double>(Mp50(value(n)))});
  return c;
}

Band of_last_layer(const std::vector<GradientChain>& chains, std::vector<Mp50> GradientChain::*field,
                   int layer) {
  std::vector<Mp50> values;
  for (const GradientChain& c : chains) values.push_back((c.*field)[layer]);
  return band(values);
}

std::string plot_setting(const ChainRecords& r) {
  const GradientSettings& s = r.stacks.at("post_norm").at(deepest).front().settings;
  return fmt::format("d = {}, {} tokens, mean of {} seeds", s.d, s.tokens, seeds.size());
}

Page gain_plot(const ChainRecords& r) {
  Plot p{"Gradient at initialisation (" + plot_setting(r) + ")", "layers passed on the way down",
         "factor on its length", 12};
  for (const char* layout : layouts) {
    const auto& chains = r.stacks.at(layout).at(deepest);
    p.curves.push_back(
        curve(layout, ", network", 1, 0, [&](int n) { return gain_below_top(chains, n).mean; }));
    p.curves.push_back(curve(layout, ", toy", 2, 0, [&](int n) { return toy_gain(layout, n); }));
  }
  return {"gradient-gain.svg", svg(p)};
}

Page spectrum_plot(const ChainRecords& r) {
  const SpectrumChain& any = r.spectra.at("pre_norm");
  Plot p{
      fmt::format("Factors on directions (singular values; d = {}, {} tokens, one seed)", any.d, any.tokens),
      "layers", "factor", 12};
  for (const char* layout : layouts) {
    const auto add = [&](const char* what, Mp50 SpectrumDepth::*field, int dashes) {
      const auto& depths = r.spectra.at(layout).depths;
      p.curves.push_back(curve(layout, what, dashes, 1, [&](int n) { return depths[n - 1].*field; }));
    };
    add(", largest", &SpectrumDepth::largest, 1);
    add(", median", &SpectrumDepth::median, 2);
    add(", smallest", &SpectrumDepth::smallest, 3);
  }
  return {"singular-values.svg", svg(p)};
}

Page stream_plot(const ChainRecords& r) {
  Plot p{"What a layer changes, over the stream (" + plot_setting(r) + ")", "layer", "change / stream", 12};
  for (const char* layout : layouts) {
    const auto& chains = r.stacks.at(layout).at(deepest);
    p.curves.push_back(curve(layout, "", 1, 1,
                             [&](int n) { return of_last_layer(chains, &GradientChain::written, n).mean; }));
  }
  return {"layer-change.svg", svg(p)};
}

std::string gain_table(const ChainRecords& r) {
  std::vector<Row> rows;
  for (int n : {1, 2, 4, 12, 24, 48, 96}) {
    Row row{std::to_string(n)};
    for (const char* layout : layouts) {
      row.push_back(text(gain_below_top(r.stacks.at(layout).at(deepest), n)));
      row.push_back(significant(toy_gain(layout, n)));
    }
    rows.push_back(row);
  }
  return table({"layers", "pre_norm, exact", "pre_norm, toy", "post_norm, exact", "post_norm, toy"}, "rrrrr",
               rows);
}

// ln of the ratio of two gains over ln of the ratio of their depths.
Mp50 exponent(const ChainRecords& r, const char* layout, int shallow) {
  const Mp50 from = gain_below_top(r.stacks.at(layout).at(shallow), shallow).mean;
  const Mp50 to = gain_below_top(r.stacks.at(layout).at(deepest), deepest).mean;
  return log(Mp50(to / from)) / log(Mp50(Mp50(deepest) / shallow));
}

std::string whole_stacks(const ChainRecords& r) {
  std::vector<Row> rows;
  for (int n : stack_depths) {
    Row row{std::to_string(n)};
    for (const char* layout : layouts) row.push_back(text(gain_below_top(r.stacks.at(layout).at(n), n)));
    rows.push_back(row);
  }
  return "The same through whole stacks of L layers, from top to bottom:\n\n" +
         table({"L", "pre_norm, exact", "post_norm, exact"}, "rrr", rows) +
         fmt::format(
             "From {} to {} layers the factor grows like L to the power {} in pre-norm, where the toy grows "
             "exponentially,\n"
             "and like L to the power {} in post-norm, where the toy vanishes. ",
             stack_depths[1], deepest, significant(exponent(r, "pre_norm", stack_depths[1]), 2),
             significant(exponent(r, "post_norm", stack_depths[1]), 2));
}

std::string feed_forward_table(const ChainRecords& r) {
  std::vector<Row> rows;
  for (int n : {12, 24, 48, 96}) {
    Row row{std::to_string(n)};
    for (const char* layout : layouts) row.push_back(text(gain_below_top(r.feed_forward_only.at(layout), n)));
    row.push_back(significant(toy_gain("post_norm", n)));
    rows.push_back(row);
  }
  return table({"layers", "pre_norm, exact", "post_norm, exact", "post_norm, toy"}, "rrrr", rows);
}

std::string weight_table(const ChainRecords& r) {
  std::vector<Row> rows;
  for (int n : stack_depths) {
    const auto last = [&](const char* layout) {
      return of_last_layer(r.stacks.at(layout).at(n), &GradientChain::weight, n).mean;
    };
    const auto first = [&](const char* layout) {
      return of_last_layer(r.stacks.at(layout).at(n), &GradientChain::weight, 1).mean;
    };
    rows.push_back({std::to_string(n), significant(last("pre_norm")),
                    significant(Mp50(last("pre_norm") * sqrt(Mp50(n)))), significant(last("post_norm")),
                    significant(first("pre_norm")), significant(first("post_norm"))});
  }
  return table(
      {"layers L", "pre_norm, last", "… times √L", "post_norm, last", "pre_norm, first", "post_norm, first"},
      "rrrrrr", rows);
}

std::string spectrum_table(const ChainRecords& r) {
  std::vector<Row> rows;
  for (const char* layout : layouts)
    for (int n : {1, 2, 4, 12, 24, 48, 96}) {
      const SpectrumDepth& d = r.spectra.at(layout).depths[n - 1];
      rows.push_back({layout, std::to_string(n), significant(d.largest), significant(d.median),
                      significant(d.smallest), std::to_string(d.above_thousandth),
                      significant(d.product_of_largest)});
    }
  return table({"layout", "layers", "largest", "median", "smallest", "kept", "bound on the largest"},
               "lrrrrrr", rows);
}

std::string stream_table(const ChainRecords& r) {
  std::vector<Row> rows;
  for (int n : {1, 2, 4, 12, 24, 48, 96}) {
    Row row{std::to_string(n)};
    for (const char* layout : layouts) {
      const auto& chains = r.stacks.at(layout).at(deepest);
      row.push_back(significant(of_last_layer(chains, &GradientChain::stream, n).mean));
      row.push_back(significant(of_last_layer(chains, &GradientChain::written, n).mean));
    }
    rows.push_back(row);
  }
  return table({"layer", "pre_norm: stream", "pre_norm: change", "post_norm: stream", "post_norm: change"},
               "rrrrr", rows);
}

std::string settings_line(const GradientSettings& s) {
  return fmt::format("d = {}, {} tokens, {} heads, d_ff = {}, {} seeds", s.d, s.tokens, s.n_heads, s.d_ff,
                     seeds.size());
}

Page main_page(const ChainRecords& r, const DepthRecord& depth) {
  const auto& stacks = r.stacks.at("post_norm").at(deepest);
  const SpectrumChain& spectrum = r.spectra.at("post_norm");
  std::string s =
      "# Deep chains at initialisation\n\n"
      "What happens to gradients and directions in deep stacks before any training.\n\n" +
      words({"d, T, L", "stream", "branch", "norm", "J", "factor on a gradient", "direction", "kept", "toy",
             "seed", "Xavier"}) +
      "Down to “Every layout” the page has exact forward and backward passes (gradients in 50 digits, "
      "singular "
      "values in 100) through stacks with Xavier weights and LayerNorm, on rows of variance 1. “1.03 (1.01 … "
      "1.06)” is the geometric mean of the seeds, the smallest and the largest.\n\n"
      "## The gradient's length\n\n![gradient gain](gradient-gain.svg)\n\n";
  s += fmt::format(
      "A random gradient enters at the top of a stack of {} layers ({}; GELU). Below is the factor on its "
      "length "
      "after so many layers on its way down.\n\n",
      deepest, settings_line(stacks.front().settings));
  s += gain_table(r);
  s += whole_stacks(r);
  s +=
      "In pre-norm the stream grows with depth, and the norm before a branch divides by it: deeper branches "
      "change less. In post-norm the norm multiplies a gradient by 1/s, and the branch adds to it. Both come "
      "from the same branch: s is large only where the branch is.\n\n";
  s += fmt::format(
      "### Feed-forward alone\n\nThe same with silent attention and a ReLU feed-forward with d_ff = d ({}). "
      "On average such a branch makes the squared length of a gradient 3/2 times as large, and the variance "
      "of "
      "a row, which the norm divides by, 3/2 as well: the two cancel.\n\n",
      settings_line(r.feed_forward_only.at("post_norm").front().settings));
  s += feed_forward_table(r);
  s += "## The gradient of the weights\n\n"
       "How long the gradient of the feed-forward's output matrix is, at the last and at the first layer, in "
       "stacks of L layers (means of the seeds, setting as above; in pre-norm behind a final norm). Xiong et "
       "al. (2020) say that the last layer's stays bounded in post-norm, and shrinks like 1/√L in pre-norm: "
       "then the third column hardly changes.\n\n";
  s += weight_table(r);
  s += fmt::format(
      "## Singular values\n\n![singular values](singular-values.svg)\n\n"
      "The Jacobian of the first n layers together is the product of their Jacobians; these are its singular "
      "values (d = {}, {} tokens, one seed). In pre-norm all of them are shown; in post-norm the T (d − 2) "
      "that "
      "would be left if eps were 0, for a LayerNorm takes two directions from each token. “Kept” counts, of "
      "all "
      "{} directions, those with at least a thousandth of the largest factor. The last column multiplies the "
      "largest values of the single layers: an upper bound, true, and useless at depth.\n\n",
      spectrum.d, spectrum.tokens, spectrum.d * spectrum.tokens);
  s += spectrum_table(r);
  const SpectrumDepth& pre = r.spectra.at("pre_norm").depths.back();
  const SpectrumDepth& post = spectrum.depths.back();
  s += fmt::format(
      "So the length of a gradient hides the difference. After {} layers the largest factor is {} times the "
      "smallest in pre-norm, and {} times in post-norm: a post-norm chain passes on ever fewer directions, "
      "and "
      "these at full strength. That is one seed of one small stack; more of them stand below.\n\n",
      deepest, significant(Mp50(pre.largest / pre.smallest)),
      significant(Mp50(post.largest / post.smallest)));
  s += "## The stream\n\n![what a layer changes](layer-change.svg)\n\n"
       "*Stream*: its root mean square behind a layer. *Change*: the length of what the layer changed, over "
       "the "
       "length of what it was given. Means of the seeds, setting as for the gradient's length.\n\n";
  s += stream_table(r);
  return {"chains.md", s + depth_sections(depth)};
}

}  // namespace

Mp50 toy_gain(const std::string& layout, int layers) {
  const Mp50 factor = layout == "pre_norm" ? Mp50(105) / 100 : Mp50(84) / 100;
  return pow(factor, layers);
}

bool loses_length(const ChainRecords& r) {
  const auto& chains = r.stacks.at("post_norm").at(deepest);
  return std::ranges::all_of(chains, [](const GradientChain& chain) {
    return chain.gradient[0] < 1000 * toy_gain("post_norm", deepest) * chain.gradient[deepest];
  });
}

Pages chains_pages(const ChainRecords& r, const DepthRecord& depth) {
  Pages pages{main_page(r, depth), gain_plot(r), spectrum_plot(r), stream_plot(r)};
  for (Page& plot : depth_plots(depth)) pages.push_back(std::move(plot));
  return pages;
}

}  // namespace plumbline::reports
