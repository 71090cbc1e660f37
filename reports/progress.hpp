// Independent jobs on all processors, with a line of progress on a terminal and silence in a pipe.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plumbline::reports {

// Runs every job once; `label` says what is done. What a job throws is thrown here, after the others ended.
void run_all(const std::string& label, const std::vector<std::function<void()>>& jobs);

}  // namespace plumbline::reports
