// What the results of a run add up to, and the exit status that says so.
#pragma once

#include <map>

#include "plumbline/campaign/run_report.hpp"

namespace plumbline::cli {

// How many results of each outcome, the worst first.
std::vector<std::pair<Outcome, int>> counts(const RunReport& report);

// Why results were not judged, and how often: "skipped: forward only".
std::map<std::string, int> reasons(const RunReport& report);

// "No failure.", "3 of 104 failed; 12 of 100 cases were not judged (4 skipped, 8 discarded)." Relations are
// no cases: where nothing but these was judged, "No case was judged".
std::string closing_line(const RunReport& report);

// Whether more of the cases than allowed were skipped or discarded.
bool skipped_too_many(const RunReport& report);

// The worst that was found, in one word: an outcome; "not judged" where no case was; "fault" where Plumbline
// itself failed.
std::string overall(const RunReport& report);

namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int differs = 1;   // a failure, a stopped run, or too few cases judged
inline constexpr int misuse = 2;    // a command line, a file or a command that cannot be used
inline constexpr int fault = 3;     // of Plumbline's own
inline constexpr int signal = 128;  // plus the signal's number
}  // namespace exit_code

int exit_status(const RunReport& report);

}  // namespace plumbline::cli
