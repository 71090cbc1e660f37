#include "reports/claims/claims_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

std::string text(double x) { return significant(Mp50(x)); }

std::string numbers(const Claim& c) {
  if (c.comparisons.empty()) return "";
  std::vector<Row> rows;
  for (const Comparison& n : c.comparisons)
    rows.push_back({n.what, text(n.observed), (n.relation == Relation::at_most ? "≤ " : "≥ ") + text(n.bound),
                    holds(n) ? "yes" : "**no**"});
  return table({"what was compared", "observed", "bound", "so?"}, "lrrl", rows);
}

std::string evidence(const Claim& c, const LawRecords& laws) {
  std::string s = c.tried.empty() ? "" : "Tried on: " + c.tried + ".\n";
  for (const std::string& id : c.laws)
    s += fmt::format("{}{}", &id == &c.laws.front() ? "[Laws](properties.md): " : ", ", cited(laws, id));
  if (!c.laws.empty()) s += ".\n";
  if (!c.page.empty()) s += fmt::format("More in [{}]({}).\n", c.page, c.page);
  return s.empty() ? "" : s + "\n";
}

std::string section(const Claim& c, const LawRecords& laws) {
  return fmt::format("### {}\n\n“{}” ({})\n\n**{}.** {}\n\n", c.id, c.says, c.source, name_of(verdict(c)),
                     found_line(c)) +
         evidence(c, laws) + numbers(c);
}

}  // namespace

std::string found_line(const Claim& c) {
  return verdict(c) == c.if_so ? c.line
                               : "What is compared does not come out as it did when this was written.";
}

std::string claims_summary(const std::vector<Claim>& claims) {
  std::string s;
  long tested = 0;
  for (const auto& [v, name] : names<Verdict>()) {
    const auto count = std::ranges::count(claims, v, verdict);
    if (v != Verdict::not_tested) tested += count;
    s += fmt::format("{}{}: {}", s.empty() ? "" : ", ", name, count);
  }
  return fmt::format("{} claims tried; {}", tested, s);
}

Pages claims_pages(const std::vector<Claim>& claims, const LawRecords& laws) {
  std::vector<Row> rows;
  for (const Claim& c : claims)
    rows.push_back({fmt::format("[{}](#{})", c.id, c.id), std::string(name_of(verdict(c))), c.source});
  std::string s =
      "# Claims\n\n"
      "What papers and the founding text claim about where the norm stands, and what was found. A verdict "
      "follows from laws that hold and from numbers that are compared with bounds; each stands below with "
      "its "
      "setting. *Not implied*: what was run neither shows the claim nor excludes it. *Not tested*: nothing "
      "was "
      "run. What is run is a block in enclosures or a stack at initialisation, and, where a claim is about "
      "training, short runs of small models: of large trained networks nothing is said.\n\n" +
      words({"d, T, L", "stream", "branch", "norm", "J", "factor on a gradient", "direction", "kept", "toy",
             "seed", "Xavier", "enclosure"}) +
      "Other names. Sandwich is also called Peri-LN. A log10 of −3 is a factor of a thousandth. "
      "*Hyper-connections* (mHC) run several streams side by side; a *mixer* is the small matrix "
      "that mixes them at each layer, made from random *logits* by Sinkhorn's iteration or as a sum of "
      "permutations.\n\n" +
      claims_summary(claims) + ".\n\n" + table({"claim", "verdict", "who says so"}, "lll", rows);
  for (const Claim& c : claims) s += section(c, laws);
  return {{"claims.md", s}};
}

}  // namespace plumbline::reports
