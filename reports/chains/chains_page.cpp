#include "reports/chains/chains_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/chains/depth_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/render/plot.hpp"

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

Page gain_plot(const ChainRecords& r) {
  Plot p{"Gradient at initialisation", "layers passed", "factor on its length", 12};
  for (const char* layout : layouts) {
    const auto& chains = r.stacks.at(layout).at(deepest);
    p.curves.push_back(curve(layout, ", exact", 1, 0, [&](int n) { return gain_below_top(chains, n).mean; }));
    p.curves.push_back(curve(layout, ", toy", 2, 0, [&](int n) { return toy_gain(layout, n); }));
  }
  return {"gradient-gain.svg", svg(p)};
}

Page spectrum_plot(const ChainRecords& r) {
  Plot p{"Singular values of the product of layer Jacobians", "layers", "singular value", 12};
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
  Plot p{"What a layer changes, relative to the stream", "layer", "change / stream", 12};
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
  return "Through whole stacks of L layers, from top to bottom:\n\n" +
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
  return table({"layout", "layers", "largest", "median", "smallest", "above a thousandth",
                "product of the layers' largest"},
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
      "Exact forward and backward passes through stacks with Xavier weights, biases 0, gains 1 and "
      "LayerNorm, on rows of\n"
      "unit variance: gradients in 50 digits, singular values in 100. *Toy* is the founding text's rule of "
      "thumb: each\n"
      "layer multiplies the gradient by 1.05 in pre-norm, and by 0.8 · 1.05 = 0.84 in post-norm. Ranges in "
      "parentheses\n"
      "are the smallest and the largest of the seeds; the number before them is their geometric mean.\n\n"
      "## The gradient's length\n\n![gradient gain](gradient-gain.svg)\n\n";
  s += fmt::format(
      "The factor on the length of a random gradient, n layers below the top of a stack of {} ({}; "
      "GELU).\n\n",
      deepest, settings_line(stacks.front().settings));
  s += gain_table(r);
  s += whole_stacks(r);
  s += "In pre-norm the stream grows with depth and each branch is divided by it. In post-norm the norm's "
       "factor 1/s and the\n"
       "branch's own growth are two sides of one variance: s is small only where the branch is.\n\n";
  s += fmt::format(
      "### Feed-forward alone\n\nThe same with a ReLU feed-forward of d_ff = d and silent attention ({}).\n"
      "In expectation a branch multiplies the squared length by 3/2, and the variance that the norm divides "
      "by\n"
      "is the same 3/2.\n\n",
      settings_line(r.feed_forward_only.at("post_norm").front().settings));
  s += feed_forward_table(r);
  s += "## The gradient of the weights\n\n"
       "The length of the gradient in the feed-forward's output matrix, at the last and at the first layer, "
       "by the depth\n"
       "of the stack; in pre-norm behind a final norm. Xiong et al. (2020) bound the last layer's by a "
       "constant in\n"
       "post-norm and by 1/√L in pre-norm.\n\n";
  s += weight_table(r);
  s += fmt::format(
      "## Singular values\n\n![singular values](singular-values.svg)\n\n"
      "Of the product of the first n layer Jacobians (d = {}, {} tokens, one seed), all of them in pre-norm; "
      "in "
      "post-norm\n"
      "the T (d − 2) that eps = 0 would leave. The last column is the bound that multiplies the layers' own\n"
      "largest values: sound, and useless at depth. The column before it\n"
      "counts the directions, of all {}, that keep at least a thousandth of the largest.\n\n",
      spectrum.d, spectrum.tokens, spectrum.d * spectrum.tokens);
  s += spectrum_table(r);
  const SpectrumDepth& pre = r.spectra.at("pre_norm").depths.back();
  const SpectrumDepth& post = spectrum.depths.back();
  s += fmt::format(
      "So the length of a gradient hides the difference. After {} layers the largest and the smallest factor "
      "are a\n"
      "ratio of {} apart in pre-norm, and of {} in post-norm: a post-norm chain passes on ever fewer "
      "directions, at\n"
      "full strength. That is one seed of one small stack; more of them stand below.\n\n",
      deepest, significant(Mp50(pre.largest / pre.smallest)),
      significant(Mp50(post.largest / post.smallest)));
  s += "## The stream\n\n![what a layer changes](layer-change.svg)\n\n"
       "Root mean square of the stream behind a layer, and what the layer changed relative to what it was "
       "given.\n\n";
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
