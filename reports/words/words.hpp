// The words that the pages use, each explained once.
#pragma once

#include <string>
#include <vector>

namespace plumbline::reports {

// A list of what these words mean: "- **stream**: ...". Throws std::logic_error for an unknown one.
std::string words(const std::vector<std::string>& which);

}  // namespace plumbline::reports
