#include "properties/records/kills.hpp"

#include "properties/subjects/mutant.hpp"
#include "properties/trial.hpp"

namespace plumbline::properties {

std::vector<std::string> kills_of(const Law& law) {
  std::vector<std::string> out;
  for (const Mutant& m : mutants()) {
    const Trial trial = try_law(law, m.subject, cases_per_kill, false);
    if (!trial.holds && trial.broken.empty()) out.emplace_back(m.id);
  }
  return out;
}

}  // namespace plumbline::properties
