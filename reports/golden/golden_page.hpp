// golden.md: certificates, and the errors of number types that are the same everywhere. machine.md: the
// errors of those that depend on the machine.
#pragma once

#include "reports/golden/records.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

Pages golden_pages(const std::vector<GoldenRecord>& records);

}  // namespace plumbline::reports
