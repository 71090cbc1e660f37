// layouts.md: every layout as the code draws it.
#pragma once

#include "reports/page.hpp"
#include "reports/properties/laws_page.hpp"

namespace plumbline::reports {

Pages layouts_pages(const LawRecords& laws);

}  // namespace plumbline::reports
