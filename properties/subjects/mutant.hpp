// A mutant: a subject that is wrong on purpose: in its spec, in its arithmetic, or because it answers another
// question than the one that was asked.
#pragma once

#include <string_view>
#include <vector>

#include "properties/subjects/subject.hpp"

namespace plumbline::properties {

struct Mutant {
  std::string_view id;
  std::string_view formula;  // what it computes instead
  Subject subject;
};

// Every deviation of the catalogue, every misreading and every fault, sorted by id.
const std::vector<Mutant>& mutants();

// Throws Error where there is none of that id.
const Mutant& find_mutant(std::string_view id);

}  // namespace plumbline::properties
