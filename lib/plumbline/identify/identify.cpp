#include "plumbline/identify/identify.hpp"

#include "plumbline/identify/stages.hpp"
#include "plumbline/spec/deviation.hpp"

namespace plumbline::identify {
namespace {

constexpr int most_rounds = 3;

// The candidate and what a verdict says it deviates in, as far as that applies.
Candidate as_judged(Candidate c, const Verdict& v) {
  for (const std::string& id : {v.deviation, v.second})
    if (!id.empty())
      if (const auto other = deviating(c, find_deviation(id))) c = *other;
  return c;
}

}  // namespace

Identification identify(const BlackBox& box, const Anatomy& anatomy, const Profile& profile,
                        const Settings& settings) {
  const Space space{anatomy, settings.longest};
  Asking ask(box, anatomy, profile);
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
    const Judged* wrong = first_wrong(out.judged);
    if (!wrong || round == most_rounds) break;
    settings.progress("searching again");
    Evidence more;
    for (const Judged& j : out.judged) more.push_back(j.asked);
    const Candidate start = as_judged(out.candidate, wrong->verdict);
    const Candidate found =
        search
            .best({stages.again(out.candidate, more), search.look(start, stages.evidence(), all_groups)},
                  stages.evidence(), 1)
            .front();
    if (found == out.candidate) break;
    out.candidate = found;
  }
  out.named = agrees(out.judged);
  if (const Judged* wrong = first_wrong(out.judged))
    out.leftover =
        wrong->judge ? wrong->judge->with_pair({{"y", wrong->asked->y}}, wrong->verdict) : wrong->verdict;
  settings.progress("weighing the alternatives");
  out.decisions = decisions(out.candidate, search, out.judged);
  out.questions = ask.count();
  return out;
}

}  // namespace plumbline::identify
