// Table cells that the overview and the frameworks' pages share.
#pragma once

#include <string>

#include "reports/conformance/records.hpp"

namespace plumbline::reports {

bool judged(const std::string& outcome);  // not skipped, nor discarded
int total(const Counts& counts);
Counts operator+(Counts a, const Counts& b);

// "198 agrees, 2 coarser"
std::string counts_cell(const Counts& counts);

// "[a sentence](#id)"; `page` stands before the #.
std::string link_to(const Finding& finding, const std::string& page);

// What was found of a run: links, "not explained", "not computed" where nothing could be judged, or nothing.
std::string found_cell(const ConformanceRecords& records, const Subject& subject, const ConformanceRun& run,
                       const std::string& page);

}  // namespace plumbline::reports
