// What the benchmark measures.
#pragma once

#include <string>

namespace plumbline::cli {

// What one case costs (live_case.cpp), and a whole run as `plumbline verify` makes it by default
// (default_run.cpp), of an implementation that is right.
void add_live_cases();
void add_default_runs(const std::string& program);  // this one

}  // namespace plumbline::cli
