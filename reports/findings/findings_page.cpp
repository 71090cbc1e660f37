#include "reports/findings/findings_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "plumbline/spec/presets.hpp"
#include "reports/chains/chains_page.hpp"
#include "reports/claims/claims_page.hpp"
#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/summary/advice.hpp"
#include "reports/words/words.hpp"

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

std::string kept_of(const ChainRecords& c, const char* layout) {
  const SpectrumChain& s = c.spectra.at(layout);
  return fmt::format("{} of {}", s.depths.back().above_thousandth, s.d * s.tokens);
}

std::string cheat_sheet(const FindingRecords& f, const ChainRecords& c, const TrainingRecords& training) {
  const auto bounds = [&](const char* layout) {
    const OutputScale& o = deepest_output(f, layout);
    return fmt::format("after {} layers the mean square of a row is {}", o.layers, mean_square_text(o));
  };
  const auto identity = [&](const char* layout) {
    const IdentityRoute& i = silent(f, layout, 3);
    return i.y_is_x && i.j_is_i
               ? std::string("with silent branches y = x and J = I, exactly")
               : fmt::format("with silent branches y − x is {} times as long as x", significant(i.value));
  };
  const std::vector<int> depths = training.depths();
  const auto [shallow, deep] = std::minmax_element(depths.begin(), depths.end());
  const auto trained = [&](const char* layout) {
    const Learned l = learned_runs(training, layout, *shallow, *deep);
    return fmt::format("{} runs learned; of the directions of a gradient {} are kept after {} layers",
                       share_text(l.learned, l.all), kept_of(c, layout), deepest);
  };
  const auto row = [](const char* question, const char* pre, const char* post, auto found) {
    return Row{question, fmt::format("“{}” {}", pre, found("pre_norm")),
               fmt::format("“{}” {}", post, found("post_norm"))};
  };
  const auto users = [](const char* layout) { return std::string(find_preset(layout).used_by); };
  return "## The stability cheat sheet\n\nIn quotation marks the text's own answer; behind it what was "
         "found.\n\n" +
         table({"question", "pre-norm", "post-norm"}, "lll",
               {row("LN location", "Before each sublayer.", "After each residual add.", formula_of),
                row("Identity path", "Cleaner.", "Modified by LN.", identity),
                row("Deep training", "Usually easier.", "Often harder.", trained),
                row("Final block output normalized?", "Not guaranteed.", "Yes.", bounds),
                row("Common in modern LLMs?", "Very common.", "Less common.", users)}) +
         fmt::format(
             "Settings. Identity path: one block, d = 16, 4 tokens, rows of standard deviation 3, certified. "
             "Training: {}, {} to {} layers, no warm-up, all rates; 95 % intervals "
             "([training.md](training.md)). "
             "Kept directions: d = {}, {} tokens, one seed ([chains.md](chains.md) has more). Mean square: d "
             "= "
             "16, 4 tokens, one seed, no final norm.\n\n",
             setting_text(training), *shallow, *deep, c.spectra.at("pre_norm").d,
             c.spectra.at("pre_norm").tokens);
}

std::string identity_section(const FindingRecords& f) {
  const bool pre =
      silent(f, "pre_norm", 1).y_is_x && silent(f, "pre_norm", 1).j_is_i && silent(f, "pre_norm", 3).y_is_x;
  std::string s = claim(
      "“The model can fall back to near-identity behavior” (pre-norm)",
      verdict(pre, "Holds, exactly.", "Refuted.") +
          " The weaker the branches are, the nearer a pre-norm block is to the identity: y − x and J − I "
          "shrink in proportion to them, and are 0 where the branches are silent. In post-norm they do "
          "not: the norm after the add remains. It makes each row's mean 0 and its mean square 1, so it "
          "changes every row that is not so already.");
  std::vector<Row> rows;
  for (const IdentityRoute& i : f.routes)
    rows.push_back({i.layout, std::to_string(i.stream_scale),
                    i.branch_scale == 0 ? "0" : significant(Mp50(i.branch_scale)), significant(i.value),
                    significant(i.jacobian)});
  return s +
         "One block at initialisation (d = 16, 4 tokens, one seed). Rows of x have mean 0 and the standard "
         "deviation of the second column. Branches are multiplied by the third one: 1 as initialised, 0 "
         "silent. "
         "|y − x|/|x| is the change of the stream over its length; |J − I| the Frobenius norm divided by "
         "√(T d). Certified digits.\n\n" +
         table({"layout", "deviation of x", "branches times", "|y − x|/|x|", "|J − I|"}, "lrrrr", rows);
}

std::string route_section(const LawRecords& laws) {
  std::string s = claim(
      "The formulas: “pre-norm keeps an I + … route, post-norm multiplies the route by J_LN at every layer”",
      verdict(find_law(laws, "PRE-1").holds && find_law(laws, "POST-2b").holds, "Holds.", "Refuted.") +
          fmt::format(" Both formulas are read off the code that computes the block, and checked in "
                      "enclosures on random blocks: laws {} and {} in [properties.md](properties.md). The "
                      "important symbol is I, as the text says: pre-norm adds to it, post-norm multiplies "
                      "it by J_LN.",
                      cited(laws, "PRE-1"), cited(laws, "POST-2b")));
  s += "- pre-norm: " + jacobian_of("pre_norm") + "\n- post-norm: " + jacobian_of("post_norm") + "\n\n";
  return s;
}

// The common wrong answer.
std::string residual_text(const FindingRecords& f) {
  const bool kept = lower(f.residual.kept) > 0, dropped = upper(f.residual.dropped) == 0;
  return verdict(kept && dropped, "Wrong indeed.", "Not refuted.") +
         fmt::format(
             " The residual is there. With silent branches nothing but the residual passes, and the mean "
             "square "
             "of the factors on a direction is {} (d = 16, 4 tokens, certified). A norm that takes two of d "
             "directions from each token and leaves the others would give (d − 2)/d = {}. With both "
             "residuals "
             "dropped it is {}.",
             significant(f.residual.kept, 6), significant(Mp50(14) / 16, 6), significant(f.residual.dropped));
}

std::string norm_section(const FindingRecords& f) {
  const auto some = [&](const auto& is) { return std::any_of(f.norms.begin(), f.norms.end(), is); };
  const bool shrinks = some([](const NormJacobian& n) { return upper(n.on_rest) < 1; });
  const bool stretches = some([](const NormJacobian& n) { return lower(n.on_rest) > 1; });
  std::string s = claim("“Each layer can shrink or stretch some directions”",
                        verdict(shrinks && stretches,
                                "Holds. This is all that one LayerNorm does:", "Not seen of one LayerNorm:"));
  std::vector<Row> rows;
  for (const NormJacobian& n : f.norms)
    rows.push_back({significant(Mp50(n.variance)), significant(n.on_constant), significant(n.on_row),
                    significant(n.on_rest, 6)});
  s +=
      "The norm of a row of length d = 8 with that variance (gain 1, eps = 1e-5). It multiplies a change of "
      "the "
      "row by one of three factors: a constant added to all entries, a change along the row itself (its mean "
      "taken out), and any of the other d − 2 directions. Certified digits.\n\n" +
      table({"variance", "constant", "along the row", "the other d − 2"}, "rrrr", rows);
  return s;
}

std::string toy_section(const ChainRecords& c) {
  const auto exact = [&](const char* layout, int n) {
    return gain_below_top(c.stacks.at(layout).at(deepest), n);
  };
  bool vanishes = true;
  for (const GradientChain& g : c.stacks.at("post_norm").at(deepest))
    vanishes = vanishes && Mp50(g.gradient[0] / g.gradient[deepest]) < 1000 * toy_gain("post_norm", deepest);
  std::string s = claim(
      "The toy gradient story: “0.8 · 1.05 = 0.84 a layer, across 12 layers about 0.12; pre-norm 1.05 a "
      "layer, 1.80”",
      verdict(vanishes, "Holds.", "Right as arithmetic, refuted as a description of networks.") +
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
  std::string s =
      claim("“Deep training: usually easier in pre-norm, often harder in post-norm”",
            verdict(apart && !loses_length(c),
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

std::string output_section(const FindingRecords& f) {
  const OutputScale& post = deepest_output(f, "post_norm");
  const bool normalized = upper(post.largest_square) <= 1 && contains_zero(post.mean);
  std::string s =
      claim("“The block output always passes through normalization” (post-norm)",
            verdict(normalized, "Holds, up to eps:", "Refuted:") +
                " each row's mean is 0, and its mean square is v/(v + eps), a little below 1; v is "
                "the variance of the row before the norm.");
  std::vector<Row> rows;
  for (const OutputScale& o : f.outputs)
    rows.push_back({o.layout, std::to_string(o.layers), significant(o.mean), significant(o.least_square, 7),
                    significant(o.largest_square, 7)});
  return s +
         "Rows of the output of stacks without a final norm (gain 1, bias 0, d = 16, 4 tokens, one seed). "
         "The "
         "layers before the last are computed in 50 digits; what the last one makes of that is "
         "certified.\n\n" +
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
  std::string s = claim("Where this lives in the wild: “GPT, LLaMA, Mistral, Gemma prefer pre-norm”",
                        verdict(all, "Holds.", some ? "Holds, with exceptions:" : "Refuted.") + exceptions);
  std::vector<Row> rows;
  for (const Preset& p : presets())
    if (p.is_layout) rows.push_back({std::string(p.name), std::string(p.summary), std::string(p.used_by)});
  return s + "Judged are models whose code is public: of ChatGPT's and Claude's nothing is said here.\n\n" +
         table({"layout", "what it is", "who uses it"}, "lll", rows);
}

std::string row_text(const ToyPass::Row& row) {
  std::string text;
  for (const Interval60& x : row) {
    const std::string digits = fmt::format("{:.3f}", static_cast<double>(static_cast<Mp50>(lower(x))));
    text += (text.empty() ? "" : ", ") + (digits == "-0.000" ? "0.000" : digits);
  }
  return "[" + text + "]";
}

// The founding text prints two sums; its x and its edits follow from them.
std::string toy_pass_section(const FindingRecords& f) {
  const ToyPass& t = f.toy;
  std::string s =
      claim("The toy forward pass: x = [4.0, 2.0, 0.0]",
            "**Right as arithmetic.** One token of three channels. Attention (“the social bench”) "
            "writes [0.2, −0.1, 0.0], the feed-forward (“the private bench”) [0.1, 0.2, −0.1], in "
            "both layouts. LayerNorm with gain 1 and eps = 1e-5; enclosed, three decimals shown.");
  return s +
         table({"step", "pre-norm", "post-norm"}, "lrr",
               {{"x", row_text(t.x), row_text(t.x)},
                {"attention reads", row_text(t.pre_first_norm), row_text(t.x)},
                {"u", row_text(t.pre_u), row_text(t.post_u)},
                {"the feed-forward reads", row_text(t.pre_second_norm), row_text(t.post_u)},
                {"y", row_text(t.pre_y), row_text(t.post_y)}}) +
         "“What changed?” In pre-norm y is x plus the two edits: x can be read off it. In post-norm u and y "
         "are "
         "normalized: what comes out tells neither the mean nor the length of x.\n\n";
}

const Claim& claim_of(const std::vector<Claim>& claims, const std::string& id) {
  for (const Claim& c : claims)
    if (c.id == id) return c;
  throw std::logic_error("no claim " + id);
}

std::string found(const std::vector<Claim>& claims, const std::string& id) {
  const Claim& c = claim_of(claims, id);
  std::string v(name_of(verdict(c)));
  v[0] = static_cast<char>(std::toupper(v[0]));
  return fmt::format("**{}.** {} [Numbers](claims.md#{}).", v, found_line(c), id);
}

std::string mental_model(const FindingRecords& f) {
  const IdentityRoute &pre = silent(f, "pre_norm", 3), &post = silent(f, "post_norm", 3);
  return claim(
      "The mental model: “Where does the quality inspector stand?”",
      verdict(pre.y_is_x && pre.j_is_i && !post.y_is_x, "Holds.", "Refuted.") +
          " The *inspector* is the norm, the *shortcut pipe* the residual stream, the *packet* what flows in "
          "it. "
          "“The shortcut pipe carries the old packet unchanged” (pre-norm) and “the next layer never sees a "
          "perfectly untouched identity path” (post-norm): with silent branches pre-norm hands on x itself, "
          "and "
          "post-norm something else. The measure follows under “near-identity”.");
}

std::string interview(const std::vector<Claim>& claims, const FindingRecords& f) {
  return "## Interview questions and answers\n\n"
         "### “Why do modern LLMs usually prefer pre-norm?”\n\n"
         "The text: “the shortcut pipe keeps a cleaner identity route, so gradients survive deep stacks more "
         "reliably.” " +
         found(claims, "gradients-survive") +
         "\n\n“A clean pipe buys stability”, “deep training: usually easier”: " +
         found(claims, "deep-training") +
         "\n\nThe common wrong answer, “because pre-norm is newer”, is a matter of history: nothing was run "
         "for "
         "it.\n\n"
         "### “What is the main mathematical difference in the gradient path?”\n\n"
         "The text: “pre-norm keeps an I + … route, while post-norm multiplies the route by the LayerNorm "
         "Jacobian at every layer.” " +
         found(claims, "route") +
         "\n\nThe common wrong answer, “post-norm has no residual connection”: " + residual_text(f) +
         "\n\n### “Does post-norm have any advantage?”\n\nThe text: “Yes. The block output always passes "
         "through "
         "normalization.” " +
         found(claims, "normalized-output") +
         "\n\n### “If a 96-layer decoder diverges, what is one architecture question to ask first?”\n\nThe "
         "text: "
         "“whether the stack is post-norm and whether moving the inspector before each sublayer would "
         "stabilize "
         "training.” " +
         found(claims, "move-the-norm") + "\n\n";
}

std::string exercises() {
  const auto power = [](const char* layout) { return significant(toy_gain(layout, 12)); };
  return "## Apply now: the exercises\n\n"
         "“Draw both layouts from memory. Label the quality inspector and the shortcut pipe.” The inspector "
         "is "
         "LN; the shortcut pipe is the line at the left, from x to the last letter.\n\n" +
         two_pictures() + "“Then write these two lines without looking”:\n\n" +
         fenced(fmt::format("pre-norm    {}\npost-norm   {}\n", layout_jacobian("pre_norm"),
                            layout_jacobian("post_norm"))) +
         "“Why is the shortcut pipe cleaner in pre-norm?” Because no norm stands on it: x reaches the end of "
         "the "
         "layer unchanged, and only edits are added to it.\n\n" +
         fmt::format(
             "“1.05^12 versus 0.84^12”: {} and {}. Right as arithmetic; networks do not follow it, see the "
             "toy "
             "gradient story.\n",
             power("pre_norm"), power("post_norm"));
}

}  // namespace

std::string mean_square_text(const OutputScale& scale) {
  const std::string least = significant(scale.least_square, 5), most = significant(scale.largest_square, 5);
  return least == most ? least : least + " … " + most;
}

Pages findings_pages(const FindingRecords& f, const ChainRecords& c, const LawRecords& laws,
                     const std::vector<Claim>& claims, const TrainingFiles& training) {
  return {
      {"findings.md",
       "# Findings\n\n"
       "The founding text of this project explains pre-norm and post-norm with a quality inspector and a "
       "shortcut pipe. Here are its claims, examples, questions and exercises in its own words and order, "
       "each with what was found. What is not called certified is computed in 50 or 100 digits, or "
       "measured where that is said.\n\nThe words:\n\n" +
           words({"stream", "branch", "norm", "J", "factor on a gradient", "direction", "kept", "seed",
                  "Xavier", "enclosure"}) +
           mental_model(f) + route_section(laws) + identity_section(f) + norm_section(f) + output_section(f) +
           toy_section(c) + toy_pass_section(f) + cheat_sheet(f, c, training.map) + training_section(c) +
           users_section() + interview(claims, f) + exercises()}};
}

}  // namespace plumbline::reports
