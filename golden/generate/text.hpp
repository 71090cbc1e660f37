// The truth of a small case as text that people read: 40 proved digits of every output.
#pragma once

#include "golden/generate/case_list.hpp"

namespace plumbline::golden {

// A single norm.
bool is_small(const GoldenCase& c);

// Lines "name[index] = digits"; those that begin with # explain.
std::string text_of(const GoldenCase& c);

}  // namespace plumbline::golden
