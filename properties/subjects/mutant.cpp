#include "properties/subjects/mutant.hpp"

#include <algorithm>
#include <string>

namespace plumbline::properties {

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all = [] {
    std::vector<Mutant> found;
    for (const Deviation& d : deviations()) found.push_back({d.id, d.formula, Subject(d)});
    for (const Misreading& m : misreadings()) found.push_back({m.id, m.formula, Subject(m)});
    for (const Fault& f : faults()) found.push_back({f.id, f.formula, Subject(f)});
    std::ranges::sort(found, {}, &Mutant::id);
    return found;
  }();
  return all;
}

const Mutant& find_mutant(std::string_view id) {
  for (const Mutant& m : mutants())
    if (m.id == id) return m;
  throw Error("mutant: expected a known id, found \"" + std::string(id) + "\"");
}

}  // namespace plumbline::properties
