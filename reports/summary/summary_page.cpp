#include "reports/summary/summary_page.hpp"

#include <fmt/format.h>

#include "reports/chains/chains_page.hpp"
#include "reports/chains/depth_page.hpp"
#include "reports/claims/claims_page.hpp"
#include "reports/conformance/conformance_page.hpp"
#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/summary/advice.hpp"

namespace plumbline::reports {
namespace {

std::string formulas() {
  std::string text;
  for (const char* layout : {"pre_norm", "post_norm"}) {
    const std::vector<std::string> lines = layout_formulas(layout);
    text += fmt::format("{:<12}{:<24}{:<24}{}\n", layout, lines[0], lines[1], layout_jacobian(layout));
  }
  return fenced(text);
}

std::string answers(const FindingRecords& f, const ChainRecords& c) {
  std::vector<Row> rows;
  const auto row = [&](const std::string& question, auto answer) {
    rows.push_back({question, answer("pre_norm"), answer("post_norm")});
  };
  row("a block whose branches are silent …", [&](const char* layout) {
    const IdentityRoute& r = silent(f, layout, 3);
    return r.y_is_x && r.j_is_i ? std::string("is the identity, exactly")
                                : fmt::format("is not: |y - x| = {} |x|", significant(r.value));
  });
  row(fmt::format("mean square of an output row, {} layers deep", deepest), [&](const char* layout) {
    const OutputScale& o = deepest_output(f, layout);
    return significant(o.least_square, 7) + " … " + significant(o.largest_square, 7);
  });
  const GradientChain& stack = c.stacks.at("post_norm").at(deepest).front();
  row(fmt::format("factor on a gradient's length through {} layers (d = {}, T = {}; mean of {} seeds)",
                  deepest, stack.settings.d, stack.settings.tokens, seeds.size()),
      [&](const char* layout) {
        return significant(gain_below_top(c.stacks.at(layout).at(deepest), deepest).mean);
      });
  row("what the toy chain says of it",
      [&](const char* layout) { return significant(toy_gain(layout, deepest)); });
  const SpectrumChain& any = c.spectra.at("pre_norm");
  row(fmt::format(
          "ratio of the largest to the smallest singular value of a chain of {} (d = {}, T = {}; one seed)",
          deepest, any.d, any.tokens),
      [&](const char* layout) {
        const SpectrumDepth& d = c.spectra.at(layout).depths.back();
        return significant(Mp50(d.largest / d.smallest));
      });
  row(fmt::format("directions of it, of {}, that keep a thousandth of the largest or more",
                  any.d * any.tokens),
      [&](const char* layout) {
        return std::to_string(c.spectra.at(layout).depths.back().above_thousandth);
      });
  return table({"", "pre-norm", "post-norm"}, "lrr", rows);
}

}  // namespace

Pages summary_pages(const FindingRecords& f, const ChainRecords& c, const std::vector<GoldenRecord>& golden,
                    const LawRecords& laws, const ConformanceRecords& conformance, const DepthRecord& depth,
                    const std::vector<Claim>& claims, const TrainingFiles& training) {
  long values = 0;
  for (const GoldenRecord& g : golden) values += g.values;
  return {
      {"README.md",
       "# Pre-norm or post-norm?\n\n" + advice(training) + "## The two layouts\n\n" + two_pictures() +
           formulas() +
           "Pre-norm keeps an untouched route from input to output; post-norm multiplies it by a norm's "
           "Jacobian at every add. J is the Jacobian: what a small change of x makes of y.\n\n"
           "## What follows, before any training\n\n" +
           answers(f, c) + "![gradient gain](gradient-gain.svg)\n\n" +
           fmt::format(
               "At initialisation post-norm {} a gradient as the usual toy chain has it. It {} rank.\n\n",
               shrinks_like_toy(depth) ? "shrinks" : "does not shrink",
               loses_rank(depth) ? "loses" : "does not lose") +
           length_sentence(depth) + "\n\n" + kept_sentence(depth) +
           "\n[Every layout and size, and whose doing it is](chains.md).\n\n" +
           "![singular values](singular-values.svg)\n\n"
           "## Read on\n\nEverything on these pages is the output of a run. Values, gradients, Jacobians and "
           "laws are "
           "proved by interval arithmetic; deep chains are exact or in float64, over seeds; training and "
           "verdicts are "
           "measured.\n\n"
           "| page | what it answers |\n|:--|:--|\n"
           "| [findings.md](findings.md) | each claim of the founding text: holds, holds with a "
           "condition, refuted |\n" +
           fmt::format("| [claims.md](claims.md) | what papers claim about where the norm stands; {} |\n",
                       claims_summary(claims)) +
           "| [chains.md](chains.md) | gradients and singular values of deep stacks at initialisation, "
           "exact against toy |\n"
           "| [training.md](training.md) | which layouts train, how deep and at which learning rate: runs "
           "that "
           "anybody can repeat, bit for bit |\n"
           "| [layouts.md](layouts.md) | every layout and model: picture, formula, Jacobian |\n"
           "| [spec.md](spec.md) | the reference of the spec: every knob, every deviation; and its JSON "
           "Schema |\n" +
           fmt::format(
               "| [properties.md](properties.md) | {} laws: what each claims, how often it was tried, "
               "which of {} mutants it kills |\n",
               laws.size(), killers(laws).size()) +
           fmt::format("| [golden.md](golden.md) | {} certified values in {} cases, and how far number "
                       "types are from them |\n",
                       counted(values), golden.size()) +
           fmt::format("| [conformance.md](conformance.md) | PyTorch, JAX and others under test: {} |\n",
                       conformance_summary(conformance)) +
           "| [oracle.md](oracle.md) | how well verdicts on other implementations are judged: false alarms "
           "beside detection |\n"
           "| [machine.md](machine.md) | the same for float and double, on the machine where the reports "
           "were made |\n"}};
}

}  // namespace plumbline::reports
