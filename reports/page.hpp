// What a report generator hands over: finished files.
#pragma once

#include <string>
#include <vector>

namespace plumbline::reports {

struct Page {
  std::string name;  // the file's, below the folder of the reports: "chains.md", "conformance/jax.md"
  std::string text;
  bool portable = true;  // false: depends on the machine, so it is written but not compared
};

using Pages = std::vector<Page>;

}  // namespace plumbline::reports
