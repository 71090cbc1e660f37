// manifest.json of a suite: emit writes it, judge holds the suite to it.
#pragma once

#include <set>
#include <string>

namespace plumbline::cli {

std::string manifest_path(const std::string& folder);

// The ids of the suite's cases. Throws Error where there is no manifest, or where it is none of a suite.
std::set<std::string> cases_of_manifest(const std::string& folder);

}  // namespace plumbline::cli
