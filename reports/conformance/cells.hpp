// Table cells that the overview and the frameworks' pages share.
#pragma once

#include <functional>
#include <string>

#include "reports/conformance/records.hpp"

namespace plumbline::reports {

using PageOf =
    std::function<std::string(const FrameworkFinding&)>;  // where it stands, from the page that is written

bool judged(const std::string& outcome);  // not skipped, nor discarded
int total(const Counts& counts);
Counts operator+(Counts a, const Counts& b);

// "198 agrees, 2 coarser"
std::string counts_cell(const Counts& counts);

// "[text](page#heading)".
std::string link_to(const FrameworkFinding& finding, const std::string& text, const std::string& page);

// What was found of a run: the findings' numbers, "not explained", "not computed" where nothing could be
// judged, or nothing.
std::string found_cell(const ConformanceRecords& records, const FrameworkPart& subject,
                       const ConformanceRun& run, const PageOf& page_of);

}  // namespace plumbline::reports
