// A run over questions that are given, not drawn: each is answered and judged, then what failed is diagnosed.
#pragma once

#include <functional>
#include <memory>

#include "plumbline/base/progress.hpp"
#include "plumbline/campaign/examine.hpp"
#include "plumbline/campaign/run_report.hpp"

namespace plumbline {

// A question and the answer to it, both read when their turn comes. What they throw ends the run.
struct GivenCase {
  std::string id;
  std::function<std::shared_ptr<const Request>()> question;
  std::function<Answer(const Request&)> answer;
};

// Called for each case that fails, as soon as it does.
using WhenItFails = std::function<void(const Request&, const Examination&)>;

// Adds results and failures. Where this program is told to end, what has been found is kept.
void judge_given(const std::vector<GivenCase>& cases, Progress& progress, RunReport& report,
                 const WhenItFails& when_it_fails = {});

// One line a case: its outcome, what was found, and where.
std::string lines_of_cases(const RunReport& report);

}  // namespace plumbline
