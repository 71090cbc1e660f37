// plumbline judge: verdicts on answers that stand in files.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include "cli/checkpoint_options.hpp"
#include "cli/manifest.hpp"
#include "cli/own_question.hpp"
#include "cli/report_options.hpp"
#include "cli/verbs.hpp"
#include "plumbline/campaign/given_cases.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline::cli {
namespace {

namespace fs = std::filesystem;

struct JudgeOptions {
  std::string questions, answers, profile;
  std::vector<std::string> own;
  BlockOptions block;
  bool gradients = true;
  std::uint64_t seed = 1;
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

// Throws Error where the suite is not the one that its manifest lists: a green report would speak of
// fewer cases.
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

// The questions of a suite, and their answers.
std::vector<GivenCase> suite(const JudgeOptions& o, RunReport& report) {
  const std::set<std::string> questions = cases_in(o.questions), answers = cases_in(o.answers);
  if (questions.empty()) throw Error(o.questions + ": expected CASE.safetensors, found none");
  check_manifest(o.questions, questions);
  std::vector<GivenCase> out;
  for (const std::string& id : questions) {
    const std::string path = file_of(o.questions, id);
    out.push_back(
        {id, [path] { return std::make_shared<const Request>(request_from(read_container(path), path)); },
         [answer = file_of(o.answers, id)](const Request& r) { return read_answer(answer, r); }});
  }
  for (const std::string& id : answers)
    if (!questions.contains(id)) report.notes.push_back(file_of(o.answers, id) + ": answers no question");
  return out;
}

// Questions of one's own: their answers stand under the same names in a folder, that of a single one in a
// file, or each beside its question, as a failure's does.
std::vector<GivenCase> own(const JudgeOptions& o, const Said& said, RunReport& report) {
  std::vector<GivenCase> out;
  const bool in_folder = fs::is_directory(o.answers);
  if (!o.answers.empty() && !in_folder && o.own.size() > 1)
    throw Error(o.answers + ": expected a folder with the answers to " + std::to_string(o.own.size()) +
                " questions, found none");
  for (OwnQuestion& q : own_questions(o.own, said)) {
    report.notes.insert(report.notes.end(), q.notes.begin(), q.notes.end());
    const std::string id = q.request.id, path = in_folder ? file_of(o.answers, id) : o.answers;
    const auto beside = [id, answer = q.answer](const Request&) {
      return answer ? *answer : Answer{.reason = id + ": expected answer.y beside the question, found none"};
    };
    const auto in_file = [path](const Request& r) { return read_answer(path, r); };
    const auto request = std::make_shared<const Request>(std::move(q.request));
    out.push_back({id, [request] { return request; }, in_file});
    if (path.empty()) out.back().answer = beside;
  }
  return out;
}

int judge(const JudgeOptions& o, const Said& said) {
  check_outputs(o.reports);
  const bool is_suite = o.own.empty();
  RunReport report{.title = is_suite ? "plumbline judge " + o.questions + " " + o.answers
                                     : fmt::format("plumbline judge --question {}", fmt::join(o.own, " "))};
  const std::vector<GivenCase> cases = is_suite ? suite(o, report) : own(o, said, report);
  {
    Progress progress;
    judge_given(cases, progress, report);
  }
  std::cout << lines_of_cases(report);
  return write_reports(o.reports, report);
}

void add_judge(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("judge", "Judge answers in files to the questions of plumbline emit");
  const auto o = std::make_shared<JudgeOptions>();
  verb->add_option("DIR", o->questions, "The folder that plumbline emit wrote; none with --question")
      ->option_text(" ");
  verb->add_option("OUT", o->answers,
                   "The folder with the answers, under the same names; with --question a file too, or none "
                   "where the answer stands beside the question")
      ->option_text(" ");
  add_own_questions(*verb, o->own, {});
  add_block_options(*verb, o->block);
  add_checkpoint_options(*verb, o->block);
  verb->add_option("--profile", o->profile, "With --question: the arithmetic that is claimed")
      ->option_text("NAME");
  verb->add_flag("--grads,!--no-grads", o->gradients, "With --question: whether gradients are asked for");
  add_seed(*verb, o->seed);
  for (CLI::Option* option : verb->get_options())  // those so far: a suite says it itself
    if (option->nonpositional() && option->get_name() != "--help" && option->get_name() != "--question")
      option->needs("--question");
  add_report_options(*verb, o->reports);
  verb->footer(
      "Examples: plumbline judge suite answers --junit junit.xml\n"
      "          plumbline judge --question mine.safetensors --spec block.json answer.safetensors\n"
      "          plumbline judge --question x_and_answer.safetensors --hf model --layers 3 --no-grads");
  verb->callback([o, verb, &status] {
    Process::end_with_this_program();
    // the one positional argument beside --question says where the answers are
    if (!o->own.empty() && o->answers.empty()) std::swap(o->questions, o->answers);
    if (o->own.empty() && o->answers.empty()) throw CLI::RequiredError(o->questions.empty() ? "DIR" : "OUT");
    if (!o->own.empty() && !o->questions.empty())
      throw Error(o->questions + ": expected one place for the answers beside --question, found two");
    status = judge(*o, said_by(*verb, o->block, o->profile, o->gradients, o->seed));
  });
}

const Verb judge_verb{80, add_judge};

}  // namespace
}  // namespace plumbline::cli
