#include "plumbline/campaign/suite.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/judge/verdict.hpp"

namespace plumbline {
namespace {

// What a case adds to those that are chosen: first how many more deviations are separated, then how much
// better, in powers of e; what was separated by less than 1/1000 counts as that.
struct Gain {
  int deviations = 0;
  double powers = 0;
  auto operator<=>(const Gain&) const = default;
};

Gain gain(const SuiteCase& c, const Separations& reached) {
  Gain g;
  for (const auto& [id, factor] : c.separations) {
    const auto it = reached.find(id);
    const double before = it == reached.end() ? 0 : it->second;
    if (factor <= before) continue;
    g.deviations += factor >= 1 && before < 1;
    g.powers += std::log(factor / std::max(before, 1e-3));
  }
  return g;
}

}  // namespace

SuiteCase suite_case(const Request& request) {
  const Judge judge(request.question, request.profile);
  if (judge.vacuous()) throw NothingToJudge("an empty answer would pass");
  SuiteCase c{request, {}};
  const double asked =
      judge.signatures().least_separation(guard(request.profile, request.question.gradients));
  for (const Signature& s : judge.signatures().all())
    c.separations[std::string(s.deviation->id)] = s.separation / asked;
  for (const std::string& id : judge.signatures().without_effect()) c.separations[id] = 0;
  return c;
}

std::optional<SuiteCase> candidate(const Request& request) {
  try {
    return suite_case(request);
  } catch (const NothingToJudge&) {
    return std::nullopt;
  }
}

std::vector<SuiteCase> choose(std::vector<SuiteCase> candidates, int count) {
  std::vector<int> chosen;
  Separations reached;
  while (int(chosen.size()) < std::min<int>(count, int(candidates.size()))) {
    int best = -1;
    Gain most;
    for (int k = 0; k < int(candidates.size()); ++k) {
      if (std::find(chosen.begin(), chosen.end(), k) != chosen.end()) continue;
      const Gain g = gain(candidates[k], reached);
      if (best < 0 || g > most) best = k, most = g;
    }
    chosen.push_back(best);
    for (const auto& [id, factor] : candidates[best].separations) reached[id] = std::max(reached[id], factor);
  }
  std::sort(chosen.begin(), chosen.end());
  std::vector<SuiteCase> out;
  for (int k : chosen) out.push_back(std::move(candidates[k]));
  return out;
}

std::map<std::string, Separated> best_separations(const std::vector<SuiteCase>& cases) {
  std::map<std::string, Separated> best;
  for (const SuiteCase& c : cases)
    for (const auto& [id, factor] : c.separations)
      if (Separated& b = best[id]; b.id.empty() || factor > b.factor) b = {c.request.id, factor};
  return best;
}

}  // namespace plumbline
