#include "plumbline/campaign/given_cases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plumbline/campaign/diagnose.hpp"
#include "plumbline/campaign/places.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline {
namespace {

void judge_one(const GivenCase& given, RunReport& report, JudgedCases& judged,
               const WhenItFails& when_it_fails) {
  const auto start = Process::Clock::now();
  const std::shared_ptr<const Request> request = given.question();
  const Request& r = *request;
  const Examination e = examine(r, given.answer(r), &report.sensitivity);
  const double seconds = std::chrono::duration<double>(Process::Clock::now() - start).count();
  report.results.push_back({given.id, e.outcome, e.message, seconds});
  add_places(report.results.back(), e);
  judged.add(r, e, 0, report.results.size() - 1);
  if (when_it_fails && is_failure(e.outcome)) when_it_fails(r, e);
}

void diagnose_all(RunReport& report, JudgedCases& judged) {
  const auto failing =
      std::count_if(report.results.begin(), report.results.end(), [](const Result& r) { return r.failed(); });
  for (const Diagnosis& d : judged.diagnose(report)) {
    report.failures.push_back(failure_of(d, int(failing)));
    Failure& f = report.failures.back();
    const Judged& first = judged[d.cases.front()];
    f.found = first.request.id;
    f.where = first.examination.where;
    f.place = first.examination.place;
    f.worst = first.examination.worst;
  }
}

}  // namespace

void judge_given(const std::vector<GivenCase>& cases, Progress& progress, RunReport& report,
                 const WhenItFails& when_it_fails) {
  JudgedCases judged;
  try {
    for (const GivenCase& c : cases) {
      progress.show(fmt::format("{} of {} cases", report.results.size() + 1, cases.size()));
      judge_one(c, report, judged, when_it_fails);
      Process::check_interrupt();
    }
    progress.show("diagnosis");
    diagnose_all(report, judged);
  } catch (const Interrupted& e) {
    report.signal = e.signal;
    report.stopped = fmt::format("interrupted after {} of {} cases", report.results.size(), cases.size());
  }
}

std::string lines_of_cases(const RunReport& report) {
  std::string out;
  for (const Result& r : report.results) {
    out += fmt::format("{}: {}{}\n", r.id, name_of(r.outcome), r.message.empty() ? "" : ": " + r.message);
    for (const std::string& line : r.where) out += "    " + line + "\n";
  }
  return out + "\n";
}

}  // namespace plumbline
