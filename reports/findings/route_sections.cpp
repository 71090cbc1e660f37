#include "reports/findings/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/layouts/formulas.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

std::string jacobian_of(const char* layout) { return "`" + layout_jacobian(layout) + "`"; }

}  // namespace

std::string bold_verdict(bool holds, const char* yes, const char* no) {
  return fmt::format("**{}**", holds ? yes : no);
}

std::string claim_section(const std::string& text, const std::string& verdict) {
  return fmt::format("## {}\n\n{}\n\n", text, verdict);
}

std::string identity_section(const FindingRecords& f) {
  const bool pre =
      silent(f, "pre_norm", 1).y_is_x && silent(f, "pre_norm", 1).j_is_i && silent(f, "pre_norm", 3).y_is_x;
  std::string s = claim_section(
      "“The model can fall back to near-identity behavior” (pre-norm)",
      bold_verdict(pre, "Holds, exactly.", "Refuted.") +
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
  std::string s = claim_section(
      "The formulas: “pre-norm keeps an I + … route, post-norm multiplies the route by J_LN at every layer”",
      bold_verdict(find_law(laws, "PRE-1").holds && find_law(laws, "POST-2b").holds, "Holds.", "Refuted.") +
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
  return bold_verdict(kept && dropped, "Wrong indeed.", "Not refuted.") +
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
  std::string s = claim_section(
      "“Each layer can shrink or stretch some directions”",
      bold_verdict(shrinks && stretches,
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

std::string output_section(const FindingRecords& f) {
  const OutputScale& post = deepest_output(f, "post_norm");
  const bool normalized = upper(post.largest_square) <= 1 && contains_zero(post.mean);
  std::string s =
      claim_section("“The block output always passes through normalization” (post-norm)",
                    bold_verdict(normalized, "Holds, up to eps:", "Refuted:") +
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

}  // namespace plumbline::reports
