#include "plumbline/campaign/diagnose.hpp"

#include <fmt/format.h>

#include "plumbline/judge/describe.hpp"

namespace plumbline {
namespace {

std::vector<std::string> ids(const Deviations& deviations) {
  std::vector<std::string> out;
  for (const Deviation* d : deviations) out.emplace_back(d->id);
  return out;
}
std::vector<std::string> ids(const Diagnosis& d) {
  return d.alternative ? std::vector{d.alternative->id} : ids(d.deviations);
}

// Whether a case whose name nobody confirms is right in coarser arithmetic, and then says so of it.
bool is_only_coarser(Judged& c, RunReport& report) {
  Examination& e = c.examination;
  if (e.verdict->deviation.empty()) return false;
  const Verdict v = Judge(c.request.question, c.request.profile).unnamed(e.answer.outputs);
  if (v.finding != Finding::coarser) return false;
  e = examination_of(v, e);
  report.results[c.result].outcome = e.outcome;
  report.results[c.result].message = e.message;
  return true;
}

void rename(Result& result, const Diagnosis& d, const Verdict& v) {
  result.outcome = d.finding() == Finding::coarser ? Outcome::coarser : Outcome::wrong;
  result.message = described_name(d);
  if (d.deviations.size() != 1) return;
  result.message += fmt::format(" (likelihood ratio {})", ratio_text(v.log_ratios.at(d.deviations[0])));
}

}  // namespace

void JudgedCases::add(const Request& request, const Examination& e, int number, std::size_t result) {
  if (!e.has_numbers()) return;
  if (e.verdict->finding == Finding::agrees)
    cases_.push_back({{}, {e.outcome, {}, {}, {}, e.verdict}, number, result});
  else if (++failures_ <= most_failures)
    cases_.push_back({request, e, number, result});
}

std::vector<Diagnosis> JudgedCases::diagnose(RunReport& report) {
  std::vector<Evidence> evidence;
  for (const Judged& c : cases_)
    evidence.push_back({&c.request, &c.examination.answer.outputs, &c.verdict()});
  std::vector<Diagnosis> out = plumbline::diagnose(evidence);
  for (Diagnosis& d : out)
    if (!d.is_named()) std::erase_if(d.cases, [&](int i) { return is_only_coarser(cases_[i], report); });
  std::erase_if(out, [](const Diagnosis& d) { return d.cases.empty(); });
  for (const Diagnosis& d : out) {
    explained_.insert(d.cases.begin(), d.cases.end());
    if (!d.is_named()) continue;
    for (int i : d.cases) rename(report.results[cases_[i].result], d, cases_[i].verdict());
  }
  if (failures_ > most_failures)
    report.notes.push_back(fmt::format("diagnosed from the first {} failing cases", most_failures));
  return out;
}

std::vector<Judged> JudgedCases::unexplained() const {
  std::vector<Judged> out;
  for (int i = 0; i < int(cases_.size()); ++i)
    if (cases_[i].verdict().finding != Finding::agrees && !explained_.contains(i)) out.push_back(cases_[i]);
  return out;
}

Failure failure_of(const Diagnosis& d, int failing) {
  return {.headline = fmt::format("{}: {}", name_of(d.finding()), describe(d, failing)),
          .outcome = outcome_of(d.finding()),
          .deviations = ids(d),
          .same = ids(d.same),
          .possible = ids(d.possible),
          .log_ratio = d.log_ratio,
          .cases = int(d.cases.size())};
}

}  // namespace plumbline
