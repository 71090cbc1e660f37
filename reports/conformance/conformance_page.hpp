// conformance.md: what real implementations answered, all in one table. conformance/<package>.md: each
// framework's verdicts one by one, and what was found, with the shortest programs that show it.
#pragma once

#include "reports/conformance/records.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

// Pages are rendered from records alone, so they are the same on every machine.
Pages conformance_pages(const ConformanceRecords& records);

// "24 operations of 5 frameworks, ...": for the first page.
std::string conformance_summary(const ConformanceRecords& records);

}  // namespace plumbline::reports
