#include "reports/conformance/framework_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "plumbline/judge/stamp.hpp"
#include "reports/conformance/cells.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

using Subjects = std::vector<const FrameworkPart*>;

// Which rule judged: the one of this program, or earlier ones.
std::string rules_of(const Subjects& subjects) {
  std::set<std::string> rules;
  for (const FrameworkPart* s : subjects)
    for (const ConformanceRun& run : s->runs)
      rules.insert(run.rule.empty()     ? "an earlier rule that the record does not name"
                   : run.rule == rule() ? "the rule as it is (" + run.rule + ")"
                                        : "an earlier rule (" + run.rule + ")");
  return fmt::format("Judged by {}.\n\n", fmt::join(rules, ", "));
}

// One table for each operation and version; its spec, profile and sizes stand in one cell.
std::string runs_tables(const ConformanceRecords& records, const Subjects& subjects) {
  std::string text = "## Who was asked\n\n" + rules_of(subjects);
  for (const FrameworkPart* s : subjects) {
    const auto page_of = [&](const FrameworkFinding& f) {
      return f.run.package == s->run.package ? "" : f.run.package + ".md";
    };
    std::vector<Row> rows;
    for (const ConformanceRun& run : s->runs)
      rows.push_back({fmt::format("{} in {}", run.spec, run.profile), run.reached, counts_cell(run.cases),
                      counts_cell(run.laws), found_cell(records, *s, run, page_of)});
    text += fmt::format("### {}\n\n{} {} on {}, asked last on {}.\n\n", s->what, s->run.framework,
                        s->run.version, s->run.machine, s->run.date) +
            table({"spec and profile", "sizes", "verdicts", "laws", "found"}, "lllll", rows);
  }
  return text;
}

std::string failures_table(const Subjects& subjects) {
  std::vector<Row> rows;
  for (const FrameworkPart* s : subjects)
    for (const ConformanceRun& run : s->runs)
      for (const ConformanceFailure& f : run.failures)
        rows.push_back({fmt::format("{}: {} in {}", s->what, run.spec, run.profile), counted(f.cases),
                        f.smallest, f.headline});
  if (rows.empty()) return "";
  return "## Verdicts other than agrees\n\nOf each kind, how many cases; and the smallest case that shows "
         "it, with "
         "its verdict. |T|: how large a pattern in the "
         "error is, in units of its size in correct code.\n\n" +
         table({"operation, spec and profile", "cases", "smallest case", "its verdict"}, "lrll", rows);
}

std::string unjudged_table(const Subjects& subjects) {
  std::vector<Row> rows;
  for (const FrameworkPart* s : subjects) {
    std::map<std::string, std::pair<std::vector<std::string>, int>> by_reason;
    for (const ConformanceRun& run : s->runs)
      for (const auto& [why, n] : run.unjudged) {
        auto& [where, cases] = by_reason[why];
        where.push_back(run.spec + " in " + run.profile);
        cases += n;
      }
    for (const auto& [why, found] : by_reason)
      rows.push_back({s->what, why, counted(found.second), fmt::format("{}", fmt::join(found.first, ", "))});
  }
  if (rows.empty()) return "";
  return "## Not judged\n\n" + table({"operation", "why", "cases", "where"}, "llrl", rows);
}

std::string finding_text(const FrameworkFinding& f) {
  return fmt::format("## {}\n\n", f.heading()) + (f.text.empty() ? "" : f.text + "\n\n") +
         fenced(f.program, f.language) +
         fmt::format("prints, with {} {}, on {}, on {}:\n\n", f.run.framework, f.run.version, f.run.date,
                     f.run.machine) +
         fenced(f.output);
}

std::string machines(const ConformanceRecords& records, const std::string& package) {
  std::set<std::string> names;
  for (const FrameworkPart& s : records.subjects)
    if (s.run.package == package) names.insert(s.run.machine);
  for (const FrameworkFinding& f : records.findings)
    if (f.run.package == package) names.insert(f.run.machine);
  return fmt::format("{}", fmt::join(names, "; "));
}

}  // namespace

std::string framework_page(const ConformanceRecords& records, const std::string& package) {
  Subjects subjects;
  for (const FrameworkPart& s : records.subjects)
    if (s.run.package == package) subjects.push_back(&s);
  std::string page =
      fmt::format("# {}\n\nWhat it answered on {}. All frameworks: [conformance.md](../conformance.md).\n\n",
                  records.frameworks().at(package), machines(records, package));
  for (const FrameworkFinding& f : records.findings)
    if (f.run.package == package) page += finding_text(f);
  return page + runs_tables(records, subjects) + failures_table(subjects) + unjudged_table(subjects);
}

}  // namespace plumbline::reports
