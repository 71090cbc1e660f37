// Golden cases of norms by length and by erf, of the ways in which branches join the stream, and of what else
// a router and a mixer can be.
#pragma once

#include <functional>
#include <string>

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

using AddCase = std::function<void(std::string id, BlockSpec spec, int tokens)>;

// Calls add for each, in one order.
void add_norms_and_residuals(const AddCase& add);

}  // namespace plumbline::golden
