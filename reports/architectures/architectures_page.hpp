// architectures.md: every preset in a table; architectures/FAMILY.md: each as the code draws it, which laws
// speak of it, and what separates it from its nearest neighbour.
#pragma once

#include "plumbline/spec/json.hpp"
#include "reports/page.hpp"

namespace plumbline::reports {

// `swaps`: the record of plumbline_preset_swaps.
Pages architectures_pages(const Json& swaps);

}  // namespace plumbline::reports
