// Public reports of bugs, planted in the implementation in PyTorch.
#include <fmt/format.h>

#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* real_bugs_text =
    R"({} bugs that people reported of kernels, ports and frameworks, planted in the implementation in PyTorch and asked live
by `plumbline verify` in {}, {} questions each. *What is said* is the deviation of the catalogue where there is one for the
bug, and else the nearest other block that explains the answers. Found: {}; named: {}; of the other {} the right place in the
block is named for {}. Many of these other blocks were written with these reports in view, so this is no blind test.

)";

std::string said(const Json& row) {
  const std::string name = row.at("name"), headline = row.at("headline");
  return name.empty() ? headline : name;
}

}  // namespace

std::string real_bugs_section(const Json& record) {
  int found = 0, named = 0, placed = 0;
  std::vector<Row> rows;
  for (const Json& r : record.at("rows")) {
    const bool is_found = r.at("found"), is_named = r.at("named"), is_placed = r.at("place");
    found += is_found, named += is_found && is_named, placed += is_found && !is_named && is_placed;
    rows.push_back({r.at("bug"), of(number(r, "failing"), number(record, "cases")),
                    is_named    ? "yes"
                    : is_placed ? "no; the place is right"
                                : "no",
                    said(r)});
  }
  return measured(record) +
         fmt::format(real_bugs_text, rows.size(), record.at("profile").get<std::string>(),
                     number(record, "cases"), found, named, found - named, placed) +
         table({"report", "failing", "named", "what is said"}, "lrll", rows);
}

}  // namespace plumbline::reports
