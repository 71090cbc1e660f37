#include "reports/summary/summary_page.hpp"

#include <fmt/format.h>

#include "reports/chains/chains_page.hpp"
#include "reports/chains/depth_page.hpp"
#include "reports/claims/claims_page.hpp"
#include "reports/conformance/conformance_page.hpp"
#include "reports/findings/findings_page.hpp"
#include "reports/findings/setting.hpp"
#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/summary/advice.hpp"
#include "reports/summary/proofs.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* beginning = R"(# Pre-norm or post-norm?

A layer of a transformer has two sublayers: attention (Attn) and a feed-forward network (FFN). Each computes a *branch*,
which is added to the *stream*: the vectors, one for each token, that run through all layers. A *norm*, here LayerNorm
(LN), brings each vector to mean 0 and mean square 1. *Pre-norm* puts it before each sublayer, *post-norm* after each
add. d is the length of a vector, T the number of tokens. A *seed* is what random weights and data are drawn from:
several seeds are several networks. A range a … b goes from the smallest to the largest that was seen.

)";

std::string layouts_section() {
  std::string text;
  for (const char* layout : {"pre_norm", "post_norm"}) {
    const std::vector<std::string> lines = layout_formulas(layout);
    text += fmt::format("{:<12}{:<24}{:<24}{}\n", layout, lines[0], lines[1], layout_jacobian(layout));
  }
  return "## The two layouts\n\n" + two_pictures() + fenced(text) +
         "J is the Jacobian of a layer, a matrix: a small change v of x changes y by J v. J_LN, J_Attn and "
         "J_FFN are those of "
         "the norm and of the branches, I is the identity. Pre-norm keeps an untouched route from input to "
         "output, the I in both factors. Post-norm multiplies that route by J_LN after every add.\n\n";
}

std::string rank_section(const DepthRecord& depth) {
  return fmt::format("## What post-norm {} with depth: rank\n\n", loses_rank(depth) ? "loses" : "keeps") +
         "A small change of the input can point in d T independent *directions*. The layers multiply each by "
         "a "
         "factor of its own. A direction is *kept* if its factor is at least a thousandth of the largest; "
         "the "
         "*rank*, here, is how many are kept.\n\n"
         "![directions kept](directions-kept.svg)\n\n" +
         kept_sentence(depth) + "\n\n" +
         fmt::format(
             "The *toy chain* is a usual rule of thumb: each layer multiplies a gradient by 1.05 in pre-norm "
             "and by 0.8 · 1.05 = 0.84 in post-norm. Post-norm {} the length of gradients as it says. ",
             shrinks_like_toy(depth) ? "shrinks" : "does not shrink") +
         length_sentence(depth) + "\nEvery layout and size: [chains.md](chains.md).\n\n";
}

std::string band_text(const Band& b) {
  return fmt::format("{} ({} … {})", significant(b.mean), significant(b.least), significant(b.most));
}

std::string before_training(const FindingRecords& f, const ChainRecords& c) {
  std::vector<Row> rows;
  const auto row = [&](const std::string& what, const std::string& setting, auto answer) {
    rows.push_back({what, setting, answer("pre_norm"), answer("post_norm")});
  };
  row("a layer whose branches are silent (both give 0)",
      enclosed_size() + ", stream of standard deviation 3, proved", [&](const char* layout) {
        const IdentityRoute& r = silent(f, layout, 3);
        return r.y_is_x && r.j_is_i ? std::string("gives y = x exactly")
                                    : fmt::format("y − x is {} times as long as x", significant(r.value));
      });
  const OutputScale& scale = deepest_output(f, "pre_norm");
  row(fmt::format("mean square of an output row after {} layers, no final norm", scale.layers),
      enclosed_size() + ", one seed; over the rows", [&](const char* layout) {
        const OutputScale& o = deepest_output(f, layout);
        return mean_square_text(o);
      });
  const GradientSettings& g = c.stacks.at("post_norm").at(deepest).front().settings;
  row(fmt::format("factor on a gradient's length, back through {} layers", deepest),
      fmt::format("d = {}, T = {}, {} seeds: mean (range)", g.d, g.tokens, seeds.size()),
      [&](const char* layout) {
        return band_text(gain_below_top(c.stacks.at(layout).at(deepest), deepest));
      });
  row("the same by the toy chain", "no network",
      [&](const char* layout) { return significant(toy_gain(layout, deepest)); });
  const SpectrumChain& any = c.spectra.at("pre_norm");
  const std::string spectrum = fmt::format("d = {}, T = {}, one seed", any.d, any.tokens);
  row(fmt::format("largest over smallest factor on a direction, {} layers", deepest), spectrum,
      [&](const char* layout) {
        const SpectrumDepth& d = c.spectra.at(layout).depths.back();
        return significant(Mp50(d.largest / d.smallest));
      });
  row(fmt::format("directions kept, of {}", any.d * any.tokens), spectrum, [&](const char* layout) {
    return std::to_string(c.spectra.at(layout).depths.back().above_thousandth);
  });
  std::string text = table({"", "setting", "pre-norm", "post-norm"}, "llrr", rows);
  return "## The numbers, before any training\n\nWeights as Xavier has them: random, of variance 2/(inputs + "
         "outputs). LayerNorm, gains 1, biases 0.\n\n" +
         text;
}

// Claims that were not found as they are told.
std::string folklore(const std::vector<Claim>& claims) {
  std::vector<Row> rows;
  for (const Claim& c : claims)
    if (const Verdict v = verdict(c); v == Verdict::refuted || v == Verdict::not_implied)
      rows.push_back({fmt::format("“{}” ({})", c.says, c.source),
                      fmt::format("[{}](claims.md#{})", name_of(v), c.id), found_line(c)});
  return "## Where folklore and findings part\n\nOf the claims that were tried, those that did not come out "
         "as "
         "they are told. *Not implied*: what was run neither shows the claim nor excludes it. Each with its "
         "setting and its numbers: [claims.md](claims.md).\n\n" +
         table({"claim", "verdict", "what was found"}, "lll", rows);
}

std::string read_on(const std::vector<GoldenRecord>& golden, const LawRecords& laws,
                    const ConformanceRecords& conformance, const std::vector<Claim>& claims) {
  long values = 0;
  for (const GoldenRecord& g : golden) values += g.values;
  const auto row = [](const char* page, const std::string& what) {
    return Row{fmt::format("[{}]({})", page, page), what};
  };
  return "## Read on\n\n" +
         table(
             {"page", "what it answers"}, "ll",
             {row("findings.md", "the founding text, question by question: what holds, and what does not"),
              row("claims.md", "what papers claim about where the norm stands; " + claims_summary(claims)),
              row("chains.md", "gradients and kept directions of deep stacks at initialisation"),
              row("training.md",
                  "which layouts train, how deep and at which learning rate: runs that anybody can repeat, "
                  "bit for bit"),
              row("layouts.md", "every layout: picture, formula, Jacobian"),
              row("architectures.md",
                  "every layout and published model that has a name: picture, formula, tensors, laws"),
              row("spec.md", "how a block is described: every setting, every wrong choice that has a name"),
              row("protocol.md", "how a program under test gets questions and gives answers"),
              row("report.md", "the report that `plumbline verify --json` writes"),
              row("properties.md",
                  fmt::format("{} laws that right blocks obey, and {} wrong blocks that they notice",
                              laws.size(), killers(laws).size())),
              row("golden.md", fmt::format("{} certified values in {} cases, and how far number types are "
                                           "from them",
                                           counted(values), golden.size())),
              row("machine.md", "the same for float and double, on the machine where the reports were made"),
              row("conformance.md",
                  "PyTorch, JAX and others under test: " + conformance_summary(conformance)),
              row("performance.md", "what a certified block costs beside PyTorch's float64 one"),
              row("oracle.md", "how well the verdicts are judged: false alarms beside detection")});
}

}  // namespace

Pages summary_pages(const FindingRecords& f, const ChainRecords& c, const std::vector<GoldenRecord>& golden,
                    const LawRecords& laws, const ConformanceRecords& conformance, const DepthRecord& depth,
                    const std::vector<Claim>& claims, const TrainingFiles& training) {
  return {{"README.md", beginning + advice(training, f) + layouts_section() +
                            layouts_that_train(training.map) + rank_section(depth) + before_training(f, c) +
                            folklore(claims) + proofs(depth, training) +
                            read_on(golden, laws, conformance, claims)}};
}

}  // namespace plumbline::reports
