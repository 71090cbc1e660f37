#pragma once

#include <string>

#include "reports/conformance/records.hpp"

namespace plumbline::reports {

// conformance/<package>.md: the findings, every run, every kind of failure at its smallest, and what the
// framework does not compute.
std::string framework_page(const ConformanceRecords& records, const std::string& package);

}  // namespace plumbline::reports
