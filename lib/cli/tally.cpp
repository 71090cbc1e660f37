#include "cli/tally.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plumbline::cli {
namespace {

template <class Is>
int count(const RunReport& r, Is is) {
  return static_cast<int>(std::count_if(r.results.begin(), r.results.end(), is));
}

int failed(const RunReport& r) {
  return count(r, [](const Result& x) { return x.failed(); });
}
int judged(const RunReport& r) {
  return count(r, [](const Result& x) { return x.judged(); });
}
int cases(const RunReport& r) {
  return count(r, [](const Result& x) { return !x.is_law; });
}
int judged_cases(const RunReport& r) {
  return count(r, [](const Result& x) { return !x.is_law && x.judged(); });
}
int cases_with(const RunReport& r, Outcome outcome) {
  return count(r, [=](const Result& x) { return !x.is_law && x.outcome == outcome; });
}

// "4 skipped, 8 discarded"
std::string not_judged(const RunReport& r) {
  std::string out;
  for (const Outcome o : {Outcome::skipped, Outcome::discarded})
    if (const int n = cases_with(r, o)) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, name_of(o));
  return out;
}

// The one case that was asked again got an answer that may be right, and so may an empty one.
bool fails_no_more(const RunReport& r) {
  return r.asks_again && cases(r) > 0 && cases_with(r, Outcome::discarded) == cases(r);
}

}  // namespace

std::vector<std::pair<Outcome, int>> counts(const RunReport& r) {
  std::vector<std::pair<Outcome, int>> out;
  for (const auto& [outcome, name] : names<Outcome>())
    if (const int n = count(r, [o = outcome](const Result& x) { return x.outcome == o; }))
      out.emplace_back(outcome, n);
  return out;
}

std::map<std::string, int> reasons(const RunReport& r) {
  std::map<std::string, int> out;
  for (const Result& x : r.results)
    if (!x.judged()) ++out[fmt::format("{}: {}", name_of(x.outcome), x.message)];
  return out;
}

bool skipped_too_many(const RunReport& r) {
  return 100.0 * (cases(r) - judged_cases(r)) > r.max_skipped * cases(r);
}

std::string closing_line(const RunReport& r) {
  const int all = cases(r), left_out = all - judged_cases(r), failing = failed(r);
  const std::string failures =
      failing == 0 ? "No failure" : fmt::format("{} of {} failed", failing, judged(r));
  if (all == 0) return "No case was asked" + (failing == 0 ? "." : "; " + failures + ".");
  if (left_out == 0) return failures + ".";
  if (fails_no_more(r)) return "It fails no more; whether it is right, this question cannot say.";
  if (left_out == all)
    return fmt::format("No case was judged: {}{}.", not_judged(r), failing == 0 ? "" : "; " + failures);
  return fmt::format("{}; {} of {} cases were not judged ({}){}.", failures, left_out, all, not_judged(r),
                     skipped_too_many(r) ? fmt::format(", more than {:g} %", r.max_skipped) : "");
}

std::string overall(const RunReport& r) {
  if (!r.fault.empty()) return "fault";
  for (const auto& [outcome, n] : counts(r))
    if (is_failure(outcome)) return std::string(name_of(outcome));
  return judged_cases(r) == 0 ? "not judged" : "agrees";
}

int exit_status(const RunReport& r) {
  if (!r.fault.empty()) return exit_code::fault;
  if (r.signal) return exit_code::signal + r.signal;
  const bool was_judged = judged_cases(r) > 0 || fails_no_more(r);
  const bool is_fine = was_judged && failed(r) == 0 && r.stopped.empty() && !skipped_too_many(r);
  return is_fine ? exit_code::ok : exit_code::differs;
}

}  // namespace plumbline::cli
