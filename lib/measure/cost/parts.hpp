// What the benchmark measures.
#pragma once

#include <string>

namespace plumbline::cli {

// What one case costs (live_case.cpp), a whole run as `plumbline verify` makes it by default
// (default_run.cpp), and a judgement at the size of a real model (real_size.cpp), of an implementation that
// is right.
void add_live_cases();
void add_default_runs(const std::string& program);  // this one
void add_real_sizes();

}  // namespace plumbline::cli
