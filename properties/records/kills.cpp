#include "properties/records/kills.hpp"

#include "properties/subjects/mutant.hpp"
#include "properties/trial.hpp"

namespace plumbline::properties {

std::vector<std::string> kills_of(const Law& law) {
  std::vector<std::string> out;
  // The seed is fixed, so every mutant is asked what the reference is asked, until it answers otherwise.
  Asked asked;
  const Trial right = try_law(law, Subject(asked), cases_per_kill, false);
  if (!right.holds) throw Error("expected a law that holds for the reference, found " + right.message);
  for (const Mutant& m : mutants()) {
    if (!m.subject.differs_on(asked)) continue;
    const Trial trial = try_law(law, m.subject, cases_per_kill, false);
    if (trial.fails && trial.broken.empty()) out.emplace_back(m.id);
  }
  return out;
}

}  // namespace plumbline::properties
