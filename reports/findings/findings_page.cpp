#include "reports/findings/findings_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plumbline/spec/presets.hpp"
#include "reports/chains/chains_page.hpp"
#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* pre_and_post[] = {"pre_norm", "post_norm"};

std::string verdict(bool holds, const char* yes, const char* no) {
  return fmt::format("**{}**", holds ? yes : no);
}

std::string claim(const std::string& text, const std::string& verdict) {
  return fmt::format("## {}\n\n{}\n\n", text, verdict);
}

std::string formula_of(const char* layout) {
  std::string text;
  for (const std::string& line : layout_formulas(layout)) text += (text.empty() ? "`" : ", `") + line + "`";
  return text;
}

std::string jacobian_of(const char* layout) { return "`" + layout_jacobian(layout) + "`"; }

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

std::string cheat_sheet(const FindingRecords& f, const ChainRecords& c) {
  const auto bounds = [&](const char* layout) {
    const OutputScale& o = deepest_output(f, layout);
    return fmt::format("after {} layers the mean square of a row is {} … {}", o.layers,
                       significant(o.least_square, 7), significant(o.largest_square, 7));
  };
  const auto identity = [&](const char* layout) {
    const IdentityRoute& i = silent(f, layout, 3);
    return i.j_is_i ? std::string("a silent branch leaves y = x and J = I exactly")
                    : fmt::format("a silent branch does not: |y − x|/|x| = {}, |J − I|/√(T d) = {}",
                                  significant(i.value), significant(i.jacobian));
  };
  const auto training = [&](const char* layout) {
    return fmt::format(
        "through {0} layers the factor on the best-kept direction of a gradient is {1} times that on the "
        "worst-kept; the "
        "gradient of the last layer's weights is {3} times smaller in a stack of {0} layers than in one of "
        "{2}",
        deepest, significant(spread(c, layout)), stack_depths.front(), weight_change(c, layout));
  };
  std::vector<Row> rows;
  rows.push_back({"Where does the norm stand?", formula_of("pre_norm"), formula_of("post_norm")});
  rows.push_back({"Is the identity path kept?", identity("pre_norm"), identity("post_norm")});
  rows.push_back({"Deep training, as far as gradients at initialisation show it", training("pre_norm"),
                  training("post_norm")});
  rows.push_back({"Is the final output normalized?", bounds("pre_norm"), bounds("post_norm")});
  rows.push_back({"Who uses it?", std::string(find_preset("pre_norm").used_by),
                  std::string(find_preset("post_norm").used_by)});
  return table({"question", "pre-norm", "post-norm"}, "lll", rows);
}

std::string identity_section(const FindingRecords& f) {
  const bool pre =
      silent(f, "pre_norm", 1).y_is_x && silent(f, "pre_norm", 1).j_is_i && silent(f, "pre_norm", 3).y_is_x;
  std::string s =
      claim("“The model can fall back to near-identity behavior” (pre-norm)",
            verdict(pre, "Holds, exactly.", "Refuted.") +
                " A branch is silent where its output is 0; the nearer it is to that, the nearer a "
                "pre-norm block is to the identity: y − x and J − I vanish in proportion. In post-norm "
                "they do not: a norm remains. It takes out each token's mean and its length, and "
                "rescales the rest wherever the stream's variance is not 1 already.");
  std::vector<Row> rows;
  for (const IdentityRoute& i : f.routes)
    rows.push_back({i.layout, std::to_string(i.stream_scale),
                    i.branch_scale == 0 ? "0" : significant(Mp50(i.branch_scale)), significant(i.value),
                    significant(i.jacobian)});
  return s +
         "One block at initialisation (d = 16, 4 tokens); rows of x have mean 0 and the standard deviation "
         "of the second\n"
         "column; |J − I| is the Frobenius norm divided by √(T d). Certified digits.\n\n" +
         table({"layout", "stream", "branch scale", "|y − x|/|x|", "|J − I|"}, "lrrrr", rows);
}

std::string route_section(const FindingRecords& f, const LawRecords& laws) {
  const bool kept = lower(f.residual.kept) > 0, dropped = upper(f.residual.dropped) == 0;
  std::string s =
      claim("“Pre-norm keeps an I + … route, post-norm multiplies the route by J_LN at every layer”",
            verdict(find_law(laws, "PRE-1").holds && find_law(laws, "POST-2b").holds, "Holds.", "Refuted.") +
                fmt::format(" Both formulas are read off the code that computes the block, and checked in "
                            "enclosures on random blocks: laws {} "
                            "and {} in [properties.md](properties.md).",
                            cited(laws, "PRE-1"), cited(laws, "POST-2b")));
  s += "- pre-norm: " + jacobian_of("pre_norm") + "\n- post-norm: " + jacobian_of("post_norm") + "\n\n";
  s += claim("“Post-norm has no residual connection”",
             verdict(kept && dropped, "Refuted.", "Not refuted.") +
                 " The founding text calls it a common wrong answer, and it is:");
  return s + fmt::format(
                 "with silent branches the mean square of the singular values of a post-norm block is {}, "
                 "where (d − 2)/d = {}\n"
                 "would be a norm that takes two directions from each token and leaves the rest; with both "
                 "residuals dropped it is {}.\n\n",
                 significant(f.residual.kept, 6), significant(Mp50(14) / 16, 6),
                 significant(f.residual.dropped));
}

std::string norm_section(const FindingRecords& f) {
  const auto some = [&](const auto& is) { return std::any_of(f.norms.begin(), f.norms.end(), is); };
  const bool shrinks = some([](const NormJacobian& n) { return upper(n.on_rest) < 1; });
  const bool stretches = some([](const NormJacobian& n) { return lower(n.on_rest) > 1; });
  std::string s =
      claim("“Each layer can shrink or stretch some directions”",
            verdict(shrinks && stretches,
                    "Holds, and this is all that one LayerNorm does:", "Not seen of one LayerNorm:"));
  std::vector<Row> rows;
  for (const NormJacobian& n : f.norms)
    rows.push_back({significant(Mp50(n.variance)), significant(n.on_constant), significant(n.on_row),
                    significant(n.on_rest, 6)});
  s += "Factors of J_LN on a row of that variance (unit gain, eps = 1e-5, d = 8): on the constant direction, "
       "on the row\n"
       "itself, and on the other d − 2 directions. Certified digits.\n\n" +
       table({"variance", "on 1", "on x̂", "on the rest"}, "rrrr", rows);
  return s;
}

std::string toy_section(const ChainRecords& c) {
  const auto exact = [&](const char* layout, int n) {
    return gain_below_top(c.stacks.at(layout).at(deepest), n);
  };
  bool vanishes = true;
  for (const GradientChain& g : c.stacks.at("post_norm").at(deepest))
    vanishes = vanishes && Mp50(g.gradient[0] / g.gradient[deepest]) < 1000 * toy_gain("post_norm", deepest);
  std::string s =
      claim("“0.8 · 1.05 = 0.84 a layer: across 12 layers about 0.12, where pre-norm has 1.80”",
            verdict(vanishes, "Holds.", "Right as arithmetic, refuted as a description of networks.") +
                " The text says itself “do not over-read the numbers”.");
  std::vector<Row> rows;
  for (int n : {12, 96})
    for (const char* layout : pre_and_post)
      rows.push_back({std::to_string(n), layout, significant(toy_gain(layout, n), 4),
                      significant(exact(layout, n).mean), significant(exact(layout, n).least),
                      significant(exact(layout, n).most)});
  s += "The factor on a gradient's length after that many layers, exact at initialisation over several "
       "seeds, from [chains.md](chains.md):\n\n" +
       table({"layers", "layout", "toy", "exact, geometric mean", "smallest", "largest"}, "rlrrrr", rows);
  const Mp50 norm_factor = Mp50(8) / 10, needed = 1 / norm_factor - 1;
  s += fmt::format(
      "Why the toy misleads: its two factors are not free. If the incoming rows have variance 1 and the "
      "branch writes rows of\n"
      "standard deviation b, the norm divides by s ≤ 1 + b. So 1/s = {} needs b ≥ {}: a branch far larger "
      "than the sensitivity of\n"
      "0.05 that the toy multiplies it by, unless it hardly depends on its input. What stretches the "
      "gradient and what the norm\n"
      "divides by are the same branch.\n\n",
      significant(norm_factor, 1), significant(needed, 2));
  return s;
}

std::string training_section(const ChainRecords& c) {
  const bool apart = spread(c, "post_norm") > 1e6 * spread(c, "pre_norm");
  std::string s =
      claim("“Deep training: usually easier in pre-norm, often harder in post-norm”",
            verdict(apart && !loses_length(c),
                    "Consistent with gradients at initialisation, for another reason than the one told.",
                    "Not visible at initialisation."));
  const auto kept = [&](const char* layout) { return c.spectra.at(layout).depths.back().above_thousandth; };
  const int directions = c.spectra.at("post_norm").d * c.spectra.at("post_norm").tokens;
  s += fmt::format(
      "In post-norm the gradient's length shrinks far more slowly than the toy has it, and the less the "
      "wider the "
      "stack is.\n"
      "What is lost is rank: after {} layers (LayerNorm, Xavier weights,\n"
      "d = {}, {} tokens, one seed; more of them in [chains.md](chains.md)) the largest and the smallest\n"
      "singular value of the chain are a ratio of {} apart, against {} in pre-norm; of {} directions,\n"
      "the number that keeps at least a thousandth of the largest factor is {}, against {}. And the last "
      "layer's "
      "weights\n"
      "see a gradient that does not get smaller with depth: from {} to {} layers it is divided by {}, in "
      "pre-norm "
      "by {}. What training makes of it: [training.md](training.md).\n\n",
      deepest, c.spectra.at("post_norm").d, c.spectra.at("post_norm").tokens,
      significant(spread(c, "post_norm")), significant(spread(c, "pre_norm")), directions, kept("post_norm"),
      kept("pre_norm"), stack_depths.front(), deepest, weight_change(c, "post_norm"),
      weight_change(c, "pre_norm"));
  return s;
}

std::string output_section(const FindingRecords& f) {
  const OutputScale& post = deepest_output(f, "post_norm");
  const bool normalized = upper(post.largest_square) <= 1 && contains_zero(post.mean);
  std::string s = claim("“The block output always passes through normalization” (post-norm)",
                        verdict(normalized, "Holds, up to eps:", "Refuted:") +
                            " the mean is 0, and the mean square is v/(v + eps), a little below 1, v being "
                            "the variance of what was normalized.");
  std::vector<Row> rows;
  for (const OutputScale& o : f.outputs)
    rows.push_back({o.layout, std::to_string(o.layers), significant(o.mean), significant(o.least_square, 7),
                    significant(o.largest_square, 7)});
  return s +
         "Rows of the output of stacks without final norm, unit gain, bias 0 (d = 16, 4 tokens). The layers "
         "before the\n"
         "last are computed in 50 digits; what the last one makes of that is enclosed.\n\n" +
         table({"layout", "layers", "largest |mean|", "smallest mean square", "largest mean square"}, "lrrrr",
               rows);
}

// Norms stand before branches and nowhere else in the layer.
bool is_pre_norm(const BlockSpec& s) {
  const auto only_before = [](const auto& n) { return n.in && !n.out && !n.post; };
  return only_before(s.norm_slots.attn) && only_before(s.norm_slots.ffn);
}

std::string users_section() {
  bool all = true, some = false;
  std::string exceptions;
  const auto note = [&](const char* model, const char* preset) {
    const bool is = is_pre_norm(find_preset(preset).make({}));
    all = all && is, some = some || is;
    if (!is) exceptions += fmt::format("{} {}", exceptions.empty() ? "" : ",", model);
  };
  if (find_preset("post_norm").used_by.find("GPT-1") != std::string_view::npos) note("GPT-1", "post_norm");
  note("GPT-2", "gpt2"), note("LLaMA", "llama"), note("Mistral", "llama"), note("Gemma 2", "gemma2");
  if (!exceptions.empty()) exceptions += " normalize after the add, or what a branch writes.";
  std::string s = claim("“GPT, LLaMA, Mistral, Gemma prefer pre-norm”",
                        verdict(all, "Holds.", some ? "Holds, with exceptions:" : "Refuted.") + exceptions);
  std::vector<Row> rows;
  for (const Preset& p : presets())
    if (p.is_layout) rows.push_back({std::string(p.name), std::string(p.summary), std::string(p.used_by)});
  return s + table({"layout", "what it is", "who uses it"}, "lll", rows);
}

}  // namespace

Pages findings_pages(const FindingRecords& f, const ChainRecords& c, const LawRecords& laws) {
  return {{"findings.md",
           "# Findings\n\n"
           "What the founding text of this project claims about pre-norm and post-norm, and what was found. "
           "Digits called certified\n"
           "are proved by interval arithmetic; the others are computed in 50 or 100 digits.\n\n"
           "## The stability cheat sheet\n\n" +
               cheat_sheet(f, c) + route_section(f, laws) + identity_section(f) + norm_section(f) +
               output_section(f) + toy_section(c) + training_section(c) + users_section()}};
}

}  // namespace plumbline::reports
