// What came of a run, written down: as text, Markdown, JSON and JUnit.
#pragma once

#include <string>

#include "plumbline/campaign/run_report.hpp"

namespace plumbline::cli {

// The version of what --json writes, which the schema of reports describes. Keys are added without another
// number; it rises where one goes away or means something else.
inline constexpr int report_schema = 1;

std::string to_text(const RunReport& report);
std::string to_markdown(const RunReport& report);
std::string to_json_text(const RunReport& report);
std::string to_junit(const RunReport& report);

}  // namespace plumbline::cli
