#include "plumbline/identify/identify.hpp"

#include <algorithm>

#include "plumbline/identify/stages.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline::identify {
namespace {

constexpr int most_rounds = 3;

// The candidate with what is diagnosed, as far as that applies.
Candidate as_diagnosed(Candidate c, const std::vector<Diagnosis>& diagnoses) {
  if (!diagnoses.empty())
    for (const Deviation* d : diagnoses.front().deviations)
      if (const auto other = deviating(c, *d)) c = *other;
  return c;
}

}  // namespace

Identification identify(const BlackBox& box, const Anatomy& anatomy, const Profile& profile,
                        const Settings& settings) {
  const Space space{anatomy, settings.longest};
  NamedBox ask(box, anatomy, profile);
  Questions questions(anatomy, profile, settings.seed);
  const Search search(space);
  settings.progress("reading");
  const Readings seen = readings(ask, questions, settings.longest);
  Stages stages(ask, questions, search, space, seen.without_effect);
  Identification out;
  out.readings = seen.all;
  settings.progress("searching");
  out.candidate = stages();
  for (int round = 1;; ++round) {
    settings.progress("judging");
    out.judged =
        judged(ask, questions, out.candidate, settings.longest, settings.seed + 100 * std::uint64_t(round));
    if (!first_wrong(out.judged) || round == most_rounds) break;
    settings.progress("searching again");
    Evidence more;
    for (const JudgedProbe& j : out.judged) more.push_back(j.asked);
    const Candidate start = as_diagnosed(out.candidate, diagnoses(out.judged));
    const Candidate found =
        search
            .best({stages.again(out.candidate, more), search.look(start, stages.evidence(), all_groups)},
                  stages.evidence(), 1)
            .front();
    if (found == out.candidate) break;
    out.candidate = found;
  }
  out.named = agrees(out.judged);
  settings.progress("weighing the alternatives");
  out.decisions = decisions(out.candidate, search, out.judged);
  out.questions = ask.count();
  return out;
}

std::string leftover(const Identification& i) {
  std::string out;
  const std::vector<Diagnosis> found = diagnoses(i.judged);
  const auto failing = std::count_if(i.judged.begin(), i.judged.end(), [](const JudgedProbe& j) {
    return j.verdict.finding == Finding::wrong;
  });
  for (const Diagnosis& d : found) out += (out.empty() ? "" : "; ") + describe(d, int(failing));
  const JudgedProbe* wrong = first_wrong(i.judged);
  return found.empty() && wrong ? describe(wrong->verdict) : out;
}

}  // namespace plumbline::identify
