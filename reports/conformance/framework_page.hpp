#pragma once

#include <string>

#include "reports/conformance/records.hpp"

namespace plumbline::reports {

// conformance/<package>.md: every run, every kind of failure at its smallest, what the framework does not
// compute, and the findings.
std::string framework_page(const ConformanceRecords& records, const std::string& package);

}  // namespace plumbline::reports
