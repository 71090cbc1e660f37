// Which mutants break a law: all of them, whether it lists them or not.
#pragma once

#include <string>
#include <vector>

#include "properties/law.hpp"

namespace plumbline::properties {

// Tried on so few cases that the whole table, laws times mutants, takes minutes; each list is the same on
// every machine. Sorted. Mutants on which the law cannot be evaluated are not among them. RapidCheck keeps
// global state: call this from one thread at a time.
inline constexpr int cases_per_kill = 2;
std::vector<std::string> kills_of(const Law& law);

}  // namespace plumbline::properties
