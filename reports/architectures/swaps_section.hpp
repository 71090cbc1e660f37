// Whether the judge notices that one preset answers in the place of another.
#pragma once

#include <string>

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {

// Of the record of plumbline_preset_swaps.
std::string swaps_section(const Json& record);

}  // namespace plumbline::reports
