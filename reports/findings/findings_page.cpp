#include "reports/findings/findings_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "plumbline/spec/presets.hpp"
#include "reports/chains/chains_page.hpp"
#include "reports/claims/claims_page.hpp"
#include "reports/findings/sections.hpp"
#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/summary/advice.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

std::string formula_of(const char* layout) {
  std::string text;
  for (const std::string& line : layout_formulas(layout)) text += (text.empty() ? "`" : ", `") + line + "`";
  return text;
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
  std::string s =
      claim_section("Where this lives in the wild: “GPT, LLaMA, Mistral, Gemma prefer pre-norm”",
                    bold_verdict(all, "Holds.", some ? "Holds, with exceptions:" : "Refuted.") + exceptions);
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
      claim_section("The toy forward pass: x = [4.0, 2.0, 0.0]",
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
  return claim_section(
      "The mental model: “Where does the quality inspector stand?”",
      bold_verdict(pre.y_is_x && pre.j_is_i && !post.y_is_x, "Holds.", "Refuted.") +
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
