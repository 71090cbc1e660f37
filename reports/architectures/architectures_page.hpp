// architectures.md: every preset in a table; architectures/FAMILY.md: each as the code draws it, which laws
// speak of it, and what separates it from its nearest neighbour.
#pragma once

#include "reports/page.hpp"

namespace plumbline::reports {

Pages architectures_pages();

}  // namespace plumbline::reports
