#include "reports/findings/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/chains/chains_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* pre_and_post[] = {"pre_norm", "post_norm"};

Mp50 spread(const ChainRecords& c, const char* layout) {
  const SpectrumDepth& d = c.spectra.at(layout).depths.back();
  return d.largest / d.smallest;
}

Band last_weight(const ChainRecords& c, const char* layout, int layers) {
  std::vector<Mp50> values;
  for (const GradientChain& g : c.stacks.at(layout).at(layers)) values.push_back(g.weight[layers]);
  return band(values);
}

// How often the last layer's weight gradient shrinks between the shallowest and the deepest stack.
std::string weight_change(const ChainRecords& c, const char* layout) {
  return significant(
      Mp50(last_weight(c, layout, stack_depths.front()).mean / last_weight(c, layout, deepest).mean));
}

}  // namespace

std::string kept_of(const ChainRecords& c, const char* layout) {
  const SpectrumChain& s = c.spectra.at(layout);
  return fmt::format("{} of {}", s.depths.back().above_thousandth, s.d * s.tokens);
}

std::string toy_section(const ChainRecords& c) {
  const auto exact = [&](const char* layout, int n) {
    return gain_below_top(c.stacks.at(layout).at(deepest), n);
  };
  bool vanishes = true;
  for (const GradientChain& g : c.stacks.at("post_norm").at(deepest))
    vanishes = vanishes && Mp50(g.gradient[0] / g.gradient[deepest]) < 1000 * toy_gain("post_norm", deepest);
  std::string s = claim_section(
      "The toy gradient story: “0.8 · 1.05 = 0.84 a layer, across 12 layers about 0.12; pre-norm 1.05 a "
      "layer, 1.80”",
      bold_verdict(vanishes, "Holds.", "Right as arithmetic, refuted as a description of networks.") +
          " The text says itself “do not over-read the numbers”.");
  std::vector<Row> rows;
  for (int n : {12, 96})
    for (const char* layout : pre_and_post)
      rows.push_back({std::to_string(n), layout, significant(toy_gain(layout, n), 4),
                      significant(exact(layout, n).mean), significant(exact(layout, n).least),
                      significant(exact(layout, n).most)});
  const GradientSettings& setting = c.stacks.at("post_norm").at(deepest).front().settings;
  s +=
      fmt::format(
          "The factor on a gradient's length that many layers below the top of a stack of {}, by the toy and "
          "in networks at initialisation (d = {}, {} tokens, LayerNorm, Xavier, {} seeds; 50 digits). More "
          "of "
          "them: [chains.md](chains.md).\n\n",
          deepest, setting.d, setting.tokens, seeds.size()) +
      table({"layers", "layout", "toy", "networks, geometric mean", "smallest", "largest"}, "rlrrrr", rows);
  const Mp50 norm_factor = Mp50(8) / 10, needed = 1 / norm_factor - 1;
  s += fmt::format(
      "Why the toy misleads: its two factors are not independent. The norm multiplies by 1/s, s being the "
      "standard deviation of the row after the add. If the rows come in with variance 1 and the branch "
      "writes "
      "rows of standard deviation b, then s ≤ 1 + b. So 1/s = {} needs b ≥ {}. But the toy's branch changes "
      "the gradient by 0.05 only: it would have to write much and yet hardly depend on its input. In a real "
      "network the same branch does both: it makes s large, and it adds to the gradient.\n\n",
      significant(norm_factor, 1), significant(needed, 2));
  return s;
}

std::string training_section(const ChainRecords& c) {
  const bool apart = spread(c, "post_norm") > 1e6 * spread(c, "pre_norm");
  std::string s = claim_section(
      "“Deep training: usually easier in pre-norm, often harder in post-norm”",
      bold_verdict(apart && !loses_length(c),
                   "Consistent with gradients at initialisation, for another reason than the one told.",
                   "Not visible at initialisation."));
  const SpectrumChain& post = c.spectra.at("post_norm");
  s += fmt::format(
      "In post-norm a gradient's length shrinks far more slowly than the toy says, and the less the wider "
      "the "
      "stack is. What is lost is rank (one seed, LayerNorm, Xavier, d = {}, {} tokens; more in "
      "[chains.md](chains.md)):\n\n",
      post.d, post.tokens);
  s += table({fmt::format("{} layers", deepest), "pre-norm", "post-norm"}, "lrr",
             {{"largest over smallest factor on a direction", significant(spread(c, "pre_norm")),
               significant(spread(c, "post_norm"))},
              {"directions kept", kept_of(c, "pre_norm"), kept_of(c, "post_norm")}});
  s += fmt::format(
      "The last layer's weights tell another story. In pre-norm their gradient is {} times smaller in a "
      "stack "
      "of {} layers than in one of {}; in post-norm {} times (geometric means of {} seeds). So post-norm's "
      "last layer "
      "gets about as large a gradient in a deep stack as in a shallow one. What training makes of all this: "
      "[training.md](training.md).\n\n",
      weight_change(c, "pre_norm"), deepest, stack_depths.front(), weight_change(c, "post_norm"),
      seeds.size());
  return s;
}

}  // namespace plumbline::reports
