// layouts.md: every preset as the code draws it.
#pragma once

#include "reports/page.hpp"

namespace plumbline::reports {

Pages layouts_pages();

}  // namespace plumbline::reports
