// Which cases there are. An id is a path: the case "post_norm/tiny" lies in cases/post_norm/tiny.safetensors.
#pragma once

#include <string>
#include <vector>

#include "plumbline/cases/case.hpp"

namespace plumbline::golden {

struct GoldenCase {
  std::string id;
  CaseSettings settings;
};

// Sorted by id.
const std::vector<GoldenCase>& cases();

// Throws Error where there is none of that id.
const GoldenCase& find_case(const std::string& id);

}  // namespace plumbline::golden
