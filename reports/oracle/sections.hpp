// The sections of the page about the oracle that have a file of their own; each is made from a record.
#pragma once

#include "plumbline/spec/json.hpp"

namespace plumbline::reports {

std::string census_section(const Json& census);                              // right answers at real sizes
std::string power_section(const Json& characteristics, const Json& before);  // what right answers cost
std::string real_bugs_section(const Json& planted);                          // public bug reports, planted
std::string cost_section(const Json& cost);                                  // of a case, and of a run
std::string identified_section(const Json& identified);                      // black boxes
std::string identified_presets_section(const Json& identified);              // presets as such

}  // namespace plumbline::reports
