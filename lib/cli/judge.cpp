// plumbline judge: verdicts on answers that stand in files.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include "cli/live/diagnose.hpp"
#include "cli/live/places.hpp"
#include "cli/manifest.hpp"
#include "cli/progress.hpp"
#include "cli/report_options.hpp"
#include "cli/run_report.hpp"
#include "cli/verbs.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline::cli {
namespace {

namespace fs = std::filesystem;

struct JudgeOptions {
  std::string questions, answers;
  ReportOptions reports;
};

// The cases in a folder, by name.
std::set<std::string> cases_in(const std::string& folder) {
  if (!fs::is_directory(folder)) throw Error(folder + ": expected a folder, found none");
  std::set<std::string> out;
  for (const fs::directory_entry& e : fs::directory_iterator(folder))
    if (e.path().extension() == ".safetensors") out.insert(e.path().stem().string());
  return out;
}

// Throws Error where the suite is not the one that its manifest lists: a green report would speak of fewer
// cases.
void check_manifest(const std::string& folder, const std::set<std::string>& questions) {
  const std::set<std::string> listed = cases_of_manifest(folder);
  for (const std::string& id : listed)
    if (!questions.contains(id))
      throw Error(folder + "/" + id +
                  ".safetensors: expected the question that manifest.json lists, found none");
  for (const std::string& id : questions)
    if (!listed.contains(id))
      throw Error(manifest_path(folder) + ": cases: expected \"" + id +
                  "\", whose question is there, found none");
}

std::string file_of(const std::string& folder, const std::string& id) {
  return folder + "/" + id + ".safetensors";
}

Answer read_answer(const std::string& path, const Request& r) {
  if (!fs::exists(path)) return {.reason = path + ": expected an answer, found none"};
  try {
    return answer_from(read_container(path), r.question, r.profile);
  } catch (const Error& e) {
    return {.reason = e.what()};
  }
}

RunReport judged(const JudgeOptions& o) {
  RunReport report{.title = "plumbline judge " + o.questions + " " + o.answers};
  const std::set<std::string> questions = cases_in(o.questions), answers = cases_in(o.answers);
  if (questions.empty()) throw Error(o.questions + ": expected CASE.safetensors, found none");
  check_manifest(o.questions, questions);
  JudgedCases cases;
  Progress progress;
  for (const std::string& id : questions) {
    progress.show(fmt::format("{} of {} cases", report.results.size() + 1, questions.size()));
    const std::string path = file_of(o.questions, id);
    const Request r = request_from(read_container(path), path);
    const Examination e = examine(r, read_answer(file_of(o.answers, id), r), &report.sensitivity);
    report.results.push_back({id, e.outcome, e.message});
    add_places(report.results.back(), e);
    cases.add(r, e, 0, report.results.size() - 1);
  }
  progress.show("diagnosis");
  const auto failing =
      std::count_if(report.results.begin(), report.results.end(), [](const Result& r) { return r.failed(); });
  for (const Diagnosis& d : cases.diagnose(report)) {
    report.failures.push_back(failure_of(d, int(failing)));
    report.failures.back().found = cases[d.cases.front()].request.id;
    report.failures.back().where = cases[d.cases.front()].examination.where;
  }
  for (const std::string& id : answers)
    if (!questions.contains(id)) report.notes.push_back(file_of(o.answers, id) + ": answers no question");
  return report;
}

int judge(const JudgeOptions& o) {
  check_outputs(o.reports);
  RunReport report = judged(o);
  for (const Result& r : report.results) {
    std::cout << fmt::format("{}: {}{}\n", r.id, name_of(r.outcome),
                             r.message.empty() ? "" : ": " + r.message);
    for (const std::string& line : r.where) std::cout << "    " << line << "\n";
  }
  std::cout << "\n";
  return write_reports(o.reports, report);
}

}  // namespace

void add_judge(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("judge", "Judge answers in files to the questions of plumbline emit");
  const auto o = std::make_shared<JudgeOptions>();
  verb->add_option("DIR", o->questions, "The folder that plumbline emit wrote")->required()->option_text(" ");
  verb->add_option("OUT", o->answers, "The folder with the answers, under the same names")
      ->required()
      ->option_text(" ");
  add_report_options(*verb, o->reports);
  verb->footer("Example: plumbline judge suite answers --junit junit.xml");
  verb->callback([o, &status] { status = judge(*o); });
}

}  // namespace plumbline::cli
