#include "cli/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/tally.hpp"
#include "plumbline/judge/stamp.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {
namespace {

std::string counts_text(const RunReport& r) {
  std::string out;
  for (const auto& [outcome, n] : counts(r))
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, name_of(outcome));
  return out.empty() ? "nothing was asked" : out;
}

std::string fault_text(const RunReport& r) {
  return "A fault of Plumbline's own, which says nothing of the command: " + r.fault;
}

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  return text;
}

// "37 cases, and for the same reason the laws shift, wiring"
std::string extent(const Failure& f) {
  std::string out = fmt::format("{} {}", f.cases, f.cases == 1 ? "case" : "cases");
  if (f.gaps > 0) out += fmt::format(", {} of them where what it computes is no number", f.gaps);
  if (!f.laws.empty())
    out += fmt::format(", and for the same reason {} {}", f.laws.size() == 1 ? "law" : "laws",
                       fmt::join(f.laws, ", "));
  return out;
}

// Of the case that is farthest from the truth, beside what correct code is there.
std::vector<std::string> nearness_lines(const RunReport& r) {
  const Result* farthest = nullptr;
  for (const Result& x : r.results)
    if (x.nearness.is_known() && (!farthest || x.nearness.ratio() > farthest->nearness.ratio()))
      farthest = &x;
  if (!farthest) return {};
  return {fmt::format("of the cases that agree {} is farthest from the truth: {}", farthest->id,
                      describe(farthest->nearness))};
}

// "smallest failing case B=1 T=1 d=5 (shrunk in 12 tries)"; what nobody made smaller is as it was found.
std::string smallest(const Failure& f) {
  if (f.tries == 0) return "this case " + f.smallest + ", not made smaller";
  return fmt::format("smallest failing case {} (shrunk in {} {}{})", f.smallest, f.tries,
                     f.tries == 1 ? "try" : "tries", f.was_cut ? ", all that time allowed" : "");
}

std::string indented(const Failure& f) {
  std::string out = fmt::format("\n{}\n  {}; found at {}\n", f.headline, extent(f), f.found);
  if (!f.separation.empty()) out += fmt::format("  {}\n", f.separation);
  for (const std::string& line : f.where) out += fmt::format("    {}\n", line);
  if (!f.smallest.empty()) out += fmt::format("  {}; replay with\n  {}\n", smallest(f), f.replay);
  return out;
}

std::string section(const Failure& f) {
  std::string out = fmt::format("\n## {}\n\n{}; found at {}.\n\n", f.headline, extent(f), f.found);
  if (!f.separation.empty()) out += fmt::format("- {}\n", f.separation);
  for (const std::string& line : f.where) out += fmt::format("- {}\n", line);
  if (!f.smallest.empty())
    out += fmt::format("\nOf the kind: {}. Replay with\n\n    {}", smallest(f), f.replay);
  return out + "\n";
}

// JSON has no number for what is none. The sign of NaN says nothing.
Json number_json(double x) {
  return std::isfinite(x) ? Json(x) : Json(std::isnan(x) ? "nan" : fmt::format("{}", x));
}

Json to_json(const WorstEntry& w) {
  return {{"tensor", w.tensor},
          {"index", w.entry.index},
          {"expected", number_json(w.entry.expected)},
          {"found", number_json(w.entry.found)},
          {"ulps", number_json(w.entry.ulps)}};
}

Json to_json(const Failure& f) {
  Json j{{"outcome", name_of(f.outcome)},
         {"headline", f.headline},
         {"cases", f.cases},
         {"found", f.found},
         {"place", f.place},
         {"where", f.where},
         {"separation", f.separation},
         {"sizes", f.found_sizes},
         {"worst", f.worst ? to_json(*f.worst) : Json(nullptr)}};
  if (!f.deviations.empty())
    j.update({{"deviations", f.deviations},
              {"same_here", f.same},
              {"not_excluded", f.possible},
              {"breaks_laws", f.laws},
              {"log_likelihood_ratio", f.log_ratio}});
  if (!f.law.empty()) j["law"] = f.law;
  if (!f.right_in.empty()) j["right_in"] = f.right_in;
  if (!f.smallest.empty())
    j.update({{"smallest", f.smallest},
              {"smallest_sizes", f.smallest_sizes},
              {"tries", f.tries},
              {"file", f.file},
              {"replay", f.replay}});
  return j;
}

Json to_json(const Result& x) {
  Json j{{"id", x.id}, {"outcome", name_of(x.outcome)}, {"message", x.message}, {"seconds", x.seconds}};
  if (!x.where.empty()) j["where"] = x.where;
  if (x.worst) j["worst"] = to_json(*x.worst);
  if (x.nearness.is_known())
    j["largest_error"] = {{"output", x.nearness.output},
                          {"ulps", x.nearness.ulps},
                          {"of_correct_code", {x.nearness.least, x.nearness.most}}};
  return j;
}

// What happened, and where.
std::string told_text(const Result& x) {
  std::string out = x.message;
  for (const std::string& line : x.where) out += (out.empty() ? "" : "; ") + line;
  return out;
}

}  // namespace

std::string to_text(const RunReport& r) {
  std::string out = r.title + "\n";
  for (const auto& [key, value] : r.facts) out += fmt::format("  {}: {}\n", key, value);
  out += "  " + counts_text(r) + "\n";
  for (const auto& [reason, n] : reasons(r)) out += fmt::format("    {} {}\n", n, reason);
  for (const std::string& note : r.notes) out += "  " + note + "\n";
  for (const std::string& line : describe(r.sensitivity)) out += "  " + line + "\n";
  for (const std::string& line : nearness_lines(r)) out += "  " + line + "\n";
  for (const Failure& f : r.failures) out += indented(f);
  if (!r.stopped.empty()) out += "\nStopped: " + r.stopped + "\n";
  if (!r.fault.empty()) out += "\n" + fault_text(r) + "\n";
  return out + "\n" + closing_line(r) + "\n";
}

std::string to_markdown(const RunReport& r) {
  std::string out = "# " + r.title + "\n\n";
  for (const auto& [key, value] : r.facts) out += fmt::format("- {}: {}\n", key, value);
  if (!r.failures.empty()) out += fmt::format("- diagnosis: {}\n", r.failures.front().headline);
  for (const std::string& note : r.notes) out += fmt::format("- {}\n", note);
  for (const std::string& line : describe(r.sensitivity)) out += fmt::format("- {}\n", line);
  for (const std::string& line : nearness_lines(r)) out += fmt::format("- {}\n", line);
  if (!r.stopped.empty()) out += fmt::format("- stopped: {}\n", r.stopped);
  if (!r.fault.empty()) out += fmt::format("- {}\n", fault_text(r));
  out += "\n| outcome | cases |\n|---|--:|\n";
  for (const auto& [outcome, n] : counts(r)) out += fmt::format("| {} | {} |\n", name_of(outcome), n);
  out += "\n" + closing_line(r) + "\n";
  for (const auto& [reason, n] : reasons(r)) out += fmt::format("\n{} {}\n", n, reason);
  for (const Failure& f : r.failures) out += section(f);
  out += "\n## All cases\n\n| case | outcome | what | seconds |\n|---|---|---|--:|\n";
  for (const Result& x : r.results)
    out += fmt::format("| {} | {} | {} | {:.3f} |\n", cell(x.id), name_of(x.outcome), cell(told_text(x)),
                       x.seconds);
  return out;
}

std::string to_json_text(const RunReport& r) {
  Json j;
  j["schema"] = report_schema;
  j["title"] = r.title;
  j["verdict"] = overall(r);
  j["passed"] = exit_status(r) == exit_code::ok;
  j["stamp"] = stamp();
  j["facts"] = Json::object();
  for (const auto& [key, value] : r.facts) j["facts"][key] = value;
  j["asked"] = r.asked;
  j["diagnosis"] = r.failures.empty() ? Json(nullptr) : Json(r.failures.front().headline);
  j["counts"] = Json::object();
  for (const auto& [outcome, n] : counts(r)) j["counts"][std::string(name_of(outcome))] = n;
  j["stopped"] = r.stopped.empty() ? Json(nullptr) : Json(r.stopped);
  j["fault"] = r.fault.empty() ? Json(nullptr) : Json(r.fault);
  j["notes"] = r.notes;
  j["noticed"] = {{"deviations", r.sensitivity.separated()},
                  {"not", r.sensitivity.hidden()},
                  {"smallest_relative_change_in_y", r.sensitivity.smallest_change()}};
  j["failures"] = Json::array();
  for (const Failure& f : r.failures) j["failures"].push_back(to_json(f));
  j["results"] = Json::array();
  for (const Result& x : r.results) j["results"].push_back(to_json(x));
  return j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace plumbline::cli
