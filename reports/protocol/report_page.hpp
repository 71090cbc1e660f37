// The page about the report that verify and judge write as JSON, from its schema.
#pragma once

#include "reports/page.hpp"

namespace plumbline::reports {

// "report.md" and "report.schema.json".
Pages report_pages();

}  // namespace plumbline::reports
