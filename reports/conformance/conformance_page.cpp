#include "reports/conformance/conformance_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/conformance/cells.hpp"
#include "reports/conformance/framework_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"

namespace plumbline::reports {
namespace {

struct Totals {
  int subjects = 0, runs = 0, judged = 0, failed = 0, explained = 0;
};

Totals totals_of(const ConformanceRecords& records) {
  Totals t;
  for (const Subject& s : records.subjects) {
    ++t.subjects;
    for (const ConformanceRun& run : s.runs) {
      ++t.runs;
      for (const auto& [outcome, n] : run.cases) t.judged += judged(outcome) ? n : 0;
      for (const ConformanceFailure& f : run.failures) {
        ++t.failed;
        t.explained += !records.why(s, run, f).empty();
      }
    }
  }
  return t;
}

std::string page_of(const std::string& package) { return "conformance/" + package + ".md"; }

const std::string& framework_of(const ConformanceRecords& records, const std::string& package) {
  return std::find_if(records.subjects.begin(), records.subjects.end(),
                      [&](const Subject& s) { return s.run.package == package; })
      ->run.framework;
}

std::string found_table(const ConformanceRecords& records) {
  std::vector<Row> rows;
  for (const Finding& f : records.findings)
    rows.push_back({f.run.framework, f.run.version, link_to(f, page_of(f.run.package))});
  return table({"framework", "version", "what was found"}, "lll", rows);
}

// The profiles of a spec for which the same was found stand in one row.
std::vector<Row> rows_of(const ConformanceRecords& records, const Subject& s) {
  struct Group {
    std::string spec, found, profiles;
    Counts cases, laws;
  };
  std::vector<Group> groups;
  for (const ConformanceRun& run : s.runs) {
    const std::string found = found_cell(records, s, run, page_of(s.run.package));
    const auto same = [&](const Group& g) { return g.spec == run.spec && g.found == found; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {run.spec, found, {}, {}, {}});
    group->profiles += (group->profiles.empty() ? "" : ", ") + run.profile;
    group->cases = group->cases + run.cases;
    group->laws = group->laws + run.laws;
  }
  std::vector<Row> rows;
  for (const Group& g : groups)
    rows.push_back({fmt::format("[{}]({})", s.run.framework, page_of(s.run.package)), s.run.version, s.what,
                    s.gradients ? "yes" : "no", g.spec, g.profiles, counted(total(g.cases)),
                    counts_cell(g.cases), counts_cell(g.laws), g.found});
  return rows;
}

std::string subjects_table(const ConformanceRecords& records) {
  std::vector<Row> rows;
  for (const Subject& s : records.subjects)
    for (Row& row : rows_of(records, s)) rows.push_back(std::move(row));
  return table({"framework", "version", "operation", "gradients", "spec", "profiles", "cases", "verdicts",
                "laws", "what was found"},
               "llllllrlll", rows);
}

}  // namespace

std::string conformance_summary(const ConformanceRecords& records) {
  const Totals t = totals_of(records);
  return fmt::format("{} operations of {} frameworks, {} answers judged, {} findings", t.subjects,
                     records.packages().size(), counted(t.judged), records.findings.size());
}

Pages conformance_pages(const ConformanceRecords& records) {
  const Totals t = totals_of(records);
  std::vector<std::string> links;
  for (const std::string& package : records.packages())
    links.push_back(fmt::format("[{}]({})", framework_of(records, package), page_of(package)));
  Pages pages{
      {"conformance.md",
       fmt::format(
           "# Real implementations under test\n\n{} operations of {} frameworks were asked in {} runs of a "
           "spec in a profile, and {}\nanswers were judged. In {} of the runs' kinds of verdict something "
           "else than `agrees` came out; {} of these are explained\nby the {} findings below. Each page "
           "shows the verdicts one by one, and the shortest programs that show what was found\nwithout "
           "Plumbline: {}.\n\n",
           t.subjects, records.packages().size(), t.runs, counted(t.judged), t.failed, t.explained,
           records.findings.size(), fmt::join(links, ", ")) +
           "How it is asked, and how to ask another one: [reports/conformance/](../conformance/README.md). "
           "What the verdicts\nmean: `agrees`: as a correct implementation in the declared profile; "
           "`coarser`: right, in coarser arithmetic than\ndeclared; `wrong`: no correct implementation does "
           "this; `skipped`: the framework does not compute it.\n\n## What was found\n\n" +
           found_table(records) + "## Who was asked\n\n" + subjects_table(records)}};
  for (const std::string& package : records.packages())
    pages.push_back({page_of(package), framework_page(records, package)});
  return pages;
}

}  // namespace plumbline::reports
