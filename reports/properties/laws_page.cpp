#include "reports/properties/laws_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "properties/subjects/cell.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

using properties::Kill;
using properties::LawRecord;

std::string margin(const LawRecord& r) {
  if (!r.widest_residual.empty()) return "residual ≤ " + r.widest_residual;
  return r.tightest_bound.empty() ? "" : "bound ≥ " + r.tightest_bound + " ×";
}

std::string kills(const LawRecord& r) {
  int killed = 0, after = 0;
  for (const Kill& k : r.kills) {
    killed += k.after_cases > 0;
    after = std::max(after, k.after_cases);
  }
  return fmt::format("{} of {}, by case {}", killed, r.kills.size(), after);
}

std::string law_table(const LawRecords& laws) {
  std::vector<Row> rows;
  for (const LawRecord& r : laws)
    rows.push_back(
        {r.id, r.claim, r.holds ? "holds" : "**fails**", std::to_string(r.cases), margin(r), kills(r)});
  return table({"law", "claim", "", "cases", "worst margin", "mutants killed"}, "lllrll", rows);
}

std::string coverage_table(const LawRecords& laws) {
  std::vector<Row> rows;
  for (const LawRecord& r : laws) {
    std::vector<std::string> shares;
    for (const auto& [kind, cases] : r.coverage)
      shares.push_back(fmt::format("{} {} %", kind, 100 * cases / std::max(1, r.cases)));
    rows.push_back(
        {r.id, fmt::format("{}", fmt::join(r.algebras, ", ")), fmt::format("{}", fmt::join(shares, ", "))});
  }
  return table({"law", "evaluated in", "cases by kind"}, "lll", rows);
}

// Empty cells, those with one reason together.
std::string gap_text(const LawRecord& r) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const auto& [cell, why] : r.empty) by_reason[why].push_back(cell);
  std::vector<std::string> parts;
  for (const auto& [why, cells] : by_reason)
    parts.push_back(fmt::format("{}: {}", fmt::join(cells, ", "), why));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string subject_table(const LawRecords& laws) {
  std::vector<Row> rows;
  for (const LawRecord& r : laws)
    rows.push_back({r.id, fmt::format("{}", fmt::join(r.subjects, ", ")), gap_text(r)});
  return table({"law", "tried on", "not on, and why"}, "lll", rows);
}

std::string mutant_table(const LawRecords& laws) {
  std::map<std::string, std::string> formulas;
  for (const LawRecord& r : laws)
    for (const Kill& k : r.kills) formulas[k.mutant] = k.formula;
  std::vector<Row> rows;
  for (const auto& [mutant, ids] : killers(laws))
    rows.push_back({mutant, formulas[mutant], fmt::format("{}", fmt::join(ids, ", "))});
  return table({"mutant", "what it computes instead", "killed by"}, "lll", rows);
}

}  // namespace

const LawRecord& find_law(const LawRecords& laws, const std::string& id) {
  for (const LawRecord& r : laws)
    if (r.id == id) return r;
  throw std::logic_error("no law " + id);
}

std::string cited(const LawRecords& laws, const std::string& id) {
  return fmt::format("{} ({} cases)", id, find_law(laws, id).cases);
}

std::vector<std::string> laws_of(const LawRecords& laws, const std::string& layout) {
  std::vector<std::string> ids;
  for (const LawRecord& r : laws)
    if (std::ranges::any_of(r.subjects,
                            [&](const std::string& s) { return s == layout || s.starts_with(layout + " "); }))
      ids.push_back(r.id);
  return ids;
}

std::map<std::string, std::vector<std::string>> killers(const LawRecords& laws) {
  std::map<std::string, std::vector<std::string>> found;
  for (const LawRecord& r : laws)
    for (const Kill& k : r.kills)
      if (k.after_cases > 0) found[k.mutant].push_back(r.id);
  return found;
}

Pages laws_pages(const LawRecords& laws) {
  const auto holding = std::ranges::count_if(laws, &LawRecord::holds);
  return {{"properties.md",
           fmt::format(
               "# Laws\n\n{} laws, of which {} hold in every case that was tried, and {} mutants: blocks "
               "that are wrong on\n"
               "purpose, each killed by every law that lists it. Identities are evaluated in enclosures of "
               "60 digits: they hold where\n"
               "the enclosure of the residual contains 0, without any tolerance. The worst margin is the "
               "widest residual relative to the\n"
               "largest number compared; of bounds, the smallest ratio of the bound to what it bounds.\n\n",
               laws.size(), holding, killers(laws).size()) +
               law_table(laws) + "## Where each law is tried\n\n" + subject_table(laws) +
               "## What the cases were\n\nKinds overlap, so shares need not add up to 100 %.\n\n" +
               coverage_table(laws) +
               "## Mutants\n\nDeviations of the spec that real implementations make, and faults in the "
               "arithmetic of an algebra.\n\n" +
               mutant_table(laws)}};
}

}  // namespace plumbline::reports
