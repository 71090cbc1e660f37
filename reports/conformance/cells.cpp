#include "reports/conformance/cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace plumbline::reports {
namespace {

bool nothing_judged(const ConformanceRun& run) {
  return std::none_of(run.cases.begin(), run.cases.end(), [](const auto& c) { return judged(c.first); });
}

}  // namespace

bool judged(const std::string& outcome) { return outcome != "skipped" && outcome != "discarded"; }

int total(const Counts& counts) {
  int n = 0;
  for (const auto& [outcome, cases] : counts) n += cases;
  return n;
}

Counts operator+(Counts a, const Counts& b) {
  for (const auto& [outcome, n] : b) a[outcome] += n;
  return a;
}

std::string counts_cell(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [outcome, n] : counts) parts.push_back(fmt::format("{} {}", n, outcome));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string link_to(const FrameworkFinding& f, const std::string& text, const std::string& page) {
  return fmt::format("[{}]({}#{})", text, page, f.anchor());
}

std::string found_cell(const ConformanceRecords& records, const FrameworkPart& s, const ConformanceRun& run,
                       const PageOf& page_of) {
  if (nothing_judged(run)) return "not computed";
  std::set<std::string> parts;
  for (const ConformanceFailure& failure : run.failures) {
    const std::vector<const FrameworkFinding*> why = records.why(s, run, failure);
    if (why.empty()) parts.insert("**not explained**");
    for (const FrameworkFinding* f : why) parts.insert(link_to(*f, std::to_string(f->number), page_of(*f)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace plumbline::reports
