#include "reports/conformance/cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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

std::string link_to(const Finding& f, const std::string& page) {
  return fmt::format("[{}]({}#{})", f.title, page, f.anchor());
}

std::string found_cell(const ConformanceRecords& records, const Subject& s, const ConformanceRun& run,
                       const std::string& page) {
  if (nothing_judged(run)) return "not computed";
  std::vector<std::string> parts;
  for (const ConformanceFailure& failure : run.failures) {
    const std::vector<const Finding*> why = records.why(s, run, failure);
    if (why.empty()) parts.push_back("**not explained**");
    for (const Finding* f : why) parts.push_back(link_to(*f, page));
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace plumbline::reports
