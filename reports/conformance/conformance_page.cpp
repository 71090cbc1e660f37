#include "reports/conformance/conformance_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/conformance/cells.hpp"
#include "reports/conformance/framework_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/words/words.hpp"

namespace plumbline::reports {
namespace {

struct Totals {
  int runs = 0, judged = 0, agree = 0, unexplained = 0;
};

Totals totals_of(const ConformanceRecords& records) {
  Totals t;
  for (const FrameworkPart& s : records.subjects)
    for (const ConformanceRun& run : s.runs) {
      ++t.runs;
      for (const auto& [outcome, n] : run.cases) {
        t.judged += judged(outcome) ? n : 0;
        t.agree += outcome == "agrees" ? n : 0;
      }
      for (const ConformanceFailure& f : run.failures) t.unexplained += records.why(s, run, f).empty();
    }
  return t;
}

std::string page_of(const std::string& package) { return "conformance/" + package + ".md"; }

std::string found_table(const ConformanceRecords& records) {
  std::vector<Row> rows;
  for (const FrameworkFinding& f : records.findings)
    rows.push_back({std::to_string(f.number), f.run.framework, f.run.version,
                    link_to(f, f.title, page_of(f.run.package))});
  return table({"", "framework", "version", "what was found"}, "rlll", rows);
}

// The profiles of a spec for which the same was found stand in one row.
std::vector<Row> rows_of(const ConformanceRecords& records, const FrameworkPart& s) {
  struct Group {
    std::string spec, found, profiles;
    Counts cases, laws;
  };
  std::vector<Group> groups;
  for (const ConformanceRun& run : s.runs) {
    const std::string found =
        found_cell(records, s, run, [](const FrameworkFinding& f) { return page_of(f.run.package); });
    const auto same = [&](const Group& g) { return g.spec == run.spec && g.found == found; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {run.spec, found, {}, {}, {}});
    group->profiles += (group->profiles.empty() ? "" : ", ") + run.profile;
    group->cases = group->cases + run.cases;
    group->laws = group->laws + run.laws;
  }
  std::vector<Row> rows;
  for (const Group& g : groups)
    rows.push_back({s.what + (s.gradients ? "; with gradients" : ""),
                    fmt::format("{} in {}", g.spec, g.profiles), counts_cell(g.cases), counts_cell(g.laws),
                    g.found});
  return rows;
}

// One table for each version of each framework.
std::string subjects_tables(const ConformanceRecords& records) {
  std::vector<std::pair<std::string, std::vector<Row>>> tables;
  for (const FrameworkPart& s : records.subjects) {
    const std::string title = fmt::format("### {0} {1}\n\n[{0}]({2}), one by one.\n\n", s.run.framework,
                                          s.run.version, page_of(s.run.package));
    auto found = std::ranges::find(tables, title, [](const auto& t) { return t.first; });
    if (found == tables.end()) found = tables.insert(tables.end(), {title, {}});
    for (Row& row : rows_of(records, s)) found->second.push_back(std::move(row));
  }
  std::string text;
  for (const auto& [title, rows] : tables)
    text += title + table({"operation", "spec and profiles", "verdicts", "laws", "found"}, "lllll", rows);
  return text;
}

std::string introduction(const ConformanceRecords& records) {
  const Totals t = totals_of(records);
  std::vector<std::string> links;
  for (const auto& [package, framework] : records.frameworks())
    links.push_back(fmt::format("[{}]({})", framework, page_of(package)));
  const std::string unexplained =
      t.unexplained == 0 ? "" : fmt::format(" {} kinds of verdict are not explained yet.", t.unexplained);
  return fmt::format(
             "# Real implementations under test\n\n{} operations of {} frameworks were asked, each in "
             "several specs "
             "and profiles: {} runs. {} answers were judged: {} agree, {} do not. The {} findings below say "
             "why.{} "
             "Every framework has a page with its verdicts one by one, and for each finding the shortest "
             "program "
             "that shows it without Plumbline: {}.\n\n",
             records.subjects.size(), records.frameworks().size(), t.runs, counted(t.judged),
             counted(t.agree), counted(t.judged - t.agree), records.findings.size(), unexplained,
             fmt::join(links, ", ")) +
         "How it is asked, and how to ask another one: "
         "[reports/conformance/](../conformance/README.md).\n\n" +
         words({"question", "profile", "law"}) +
         "A *spec* says which block is asked about ([spec.md](spec.md)); names that end with `_real` have "
         "the sizes of "
         "models. The verdicts on a case:\n\n"
         "- `agrees`: as a correct implementation in the declared profile.\n"
         "- `coarser`: right, in coarser arithmetic than declared.\n"
         "- `wrong`: no correct implementation answers this.\n"
         "- `skipped`: the framework does not compute it. `discarded`: the question can judge nobody.\n\n"
         "A law `holds`, is `broken`, or is `untried` where it cannot be tried on that spec.\n\n";
}

}  // namespace

std::string conformance_summary(const ConformanceRecords& records) {
  const Totals t = totals_of(records);
  return fmt::format("{} operations of {} frameworks, {} answers judged, {} findings",
                     records.subjects.size(), records.frameworks().size(), counted(t.judged),
                     records.findings.size());
}

Pages conformance_pages(const ConformanceRecords& records) {
  Pages pages{{"conformance.md", introduction(records) + "## What was found\n\n" + found_table(records) +
                                     node_tests_section(records.node_tests) + "## Who was asked\n\n" +
                                     subjects_tables(records)}};
  for (const auto& [package, framework] : records.frameworks())
    pages.push_back({page_of(package), framework_page(records, package)});
  return pages;
}

}  // namespace plumbline::reports
