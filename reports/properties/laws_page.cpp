#include "reports/properties/laws_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "plumbline/spec/presets.hpp"
#include "properties/subjects/cell.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

using properties::Kill;
using properties::LawRecord;

std::string margin(const LawRecord& r) {
  if (!r.widest_residual.empty()) return "≤ " + significant(Mp50(r.widest_residual));
  return r.tightest_bound.empty() ? "" : "bound ≥ " + significant(Mp50(r.tightest_bound)) + " ×";
}

std::string kills(const LawRecord& r) {
  int killed = 0, after = 0;
  for (const Kill& k : r.kills) {
    killed += k.after_cases > 0;
    after = std::max(after, k.after_cases);
  }
  return fmt::format("{} of {} (case {})", killed, r.kills.size(), after);
}

std::string law_table(const LawRecords& laws) {
  std::vector<Row> rows;
  for (const LawRecord& r : laws)
    rows.push_back(
        {r.id, r.claim, r.holds ? "holds" : "**fails**", std::to_string(r.cases), margin(r), kills(r)});
  return table({"law", "claim", "verdict", "cases", "worst margin", "mutants killed"}, "lllrll", rows);
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

// "pre_norm" where it is named with both norms; all layouts together.
std::string subjects_text(const std::vector<std::string>& cells) {
  std::map<std::string, int> norms;
  std::vector<std::string> names;
  for (const std::string& cell : cells) {
    const std::string name = cell.substr(0, cell.find(' '));
    if (norms[name]++ == 0) names.push_back(name);
  }
  std::vector<std::string> parts;
  const auto is_whole = [&](const Preset& p) { return !p.is_layout || norms[std::string(p.name)] == 2; };
  const bool every_layout = std::ranges::all_of(presets(), is_whole);
  if (every_layout) parts.push_back("every layout");
  for (const std::string& name : names) {
    const bool is_layout =
        std::ranges::any_of(presets(), [&](const Preset& p) { return p.is_layout && p.name == name; });
    if (is_layout && every_layout) continue;
    if (norms[name] == 2) parts.push_back(name);
    for (const std::string& cell : cells)
      if (norms[name] == 1 && cell.substr(0, cell.find(' ')) == name) parts.push_back(cell);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Empty cells, those with one reason together.
std::string gap_text(const LawRecord& r) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const auto& [cell, why] : r.empty) by_reason[why].push_back(cell);
  std::vector<std::string> parts;
  for (const auto& [why, cells] : by_reason)
    parts.push_back(fmt::format("{}: {}", subjects_text(cells), why));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string subject_table(const LawRecords& laws) {
  std::vector<Row> rows;
  for (const LawRecord& r : laws) rows.push_back({r.id, subjects_text(r.subjects), gap_text(r)});
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
  return {
      {"properties.md",
       fmt::format("# Laws\n\n{} laws, of which {} hold in every case that was tried, and {} mutants.\n\n",
                   laws.size(), holding, killers(laws).size()) +
           words({"law", "mutant", "enclosure", "d, T, L", "stream", "branch", "norm", "J"}) +
           "A case is a random block with a random input. An identity holds if the enclosure of its "
           "residual, left side less right side, contains 0: there is no tolerance. *Worst margin*: of "
           "an identity, how wide that enclosure is at most, over the largest number compared; of a "
           "bound, how many times larger than what it bounds it is at least; empty, where a law is a "
           "plain yes or no. *Mutants killed*: all of them, and in brackets the case by which the last "
           "one was.\n\n" +
           law_table(laws) +
           "## Where each law is tried\n\nOn parts (`norm`, `attention`, `ffn`) and on layouts, each with "
           "LayerNorm "
           "and RMSNorm where only one is not named.\n\n" +
           subject_table(laws) +
           "## What the cases were\n\nWhich number types evaluated the law, and which share of its cases was "
           "of which "
           "kind. Kinds overlap, so shares need not add up to 100 %.\n\n" +
           coverage_table(laws) +
           "## Mutants\n\nWrong choices that real implementations make ([spec.md](spec.md) lists them), and "
           "faults in the arithmetic that evaluates the laws.\n\n" +
           mutant_table(laws)}};
}

}  // namespace plumbline::reports
