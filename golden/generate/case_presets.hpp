// A case for each preset that is a file.
#pragma once

#include <vector>

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

// Of every preset but those that have cases of their own (Preset::common); small, and with the structure that
// the preset is about: grouped heads, a window that some token is beyond, more experts than a token is given
// to. What is drawn follows from a preset's name, so that another preset changes no other file.
std::vector<GoldenCase> preset_cases();

}  // namespace plumbline::golden
