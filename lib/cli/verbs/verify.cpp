// plumbline verify: asks an implementation over a pipe, judges every answer, and makes each failure small.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/block_options.hpp"
#include "cli/checkpoint_options.hpp"
#include "cli/open_spec.hpp"
#include "cli/own_question.hpp"
#include "cli/report_options.hpp"
#include "cli/verbs.hpp"
#include "plumbline/campaign/campaign.hpp"
#include "plumbline/campaign/diagnose.hpp"
#include "plumbline/campaign/examine_relation.hpp"
#include "plumbline/campaign/failure_files.hpp"
#include "plumbline/campaign/given_cases.hpp"
#include "plumbline/campaign/places.hpp"
#include "plumbline/campaign/replay.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::cli {
namespace {

struct VerifyOptions {
  BlockOptions block;
  ReportOptions reports;
  std::string profile = "float32", shard = "1/1", replay, failures = "plumbline-failures", pipes, called,
              ask_again;
  int cases = 100;
  std::uint64_t seed = 1;
  double timeout = 60;
  bool gradients = true, shrink = true, show = false, batch_invariant = false;
  std::vector<std::string> command, own;  // questions of one's own
};

std::pair<int, int> read_shard(const std::string& text) {
  int k = 0, n = 0, used = 0;
  const bool read = std::sscanf(text.c_str(), "%d/%d%n", &k, &n, &used) == 2 && used == int(text.size());
  if (!read || k < 1 || n < k) throw Error("--shard: expected K/N with 1 <= K <= N, found " + text);
  return {k, n};
}

// The implementation: a command, or who answers on the descriptors of --pipes.
Subprocess implementation(const VerifyOptions& o) {
  if (o.pipes.empty()) return {o.command, o.timeout};
  int from = -1, to = -1, used = 0;
  const bool read =
      std::sscanf(o.pipes.c_str(), "%d,%d%n", &from, &to, &used) == 2 && used == int(o.pipes.size());
  if (!read || from < 0 || to < 0) throw Error("--pipes: expected IN,OUT, two descriptors, found " + o.pipes);
  return {Connection{from, to, o.called, o.ask_again}, o.timeout};
}

std::string name_of_block(const BlockOptions& o) {
  return o.spec_file.empty() ? o.preset : std::filesystem::path(o.spec_file).stem().string();
}

// Every output tensor: its worst entries, and where they lie.
void show(const Request& r, const Examination& e) {
  if (e.answer.kind == Answer::Kind::outputs)
    std::cout << "\n" << in_full(locate(Calibration(r.question, r.profile), e.answer.outputs));
}

int replay(const VerifyOptions& o) {
  const Replay r = read_replay(o.replay);
  Subprocess peer = implementation(o);
  const auto ask = [&](const Request& question) { return peer.ask(question); };
  const Examination e =
      r.law.empty() ? examine(peer, r.request) : examine(find_relation(r.law), ask, r.request);
  RunReport report{.title = "plumbline verify --replay " + o.replay,
                   .facts = {{"case", r.request.id + ", " + sizes_text(r.request.question)},
                             {"profile", profile_text(r.request.profile)},
                             {"found before", r.outcome}},
                   .asks_again = true};
  report.results.push_back({r.request.id, e.outcome, e.message, peer.seconds()});
  add_places(report.results.back(), e);
  if (r.law.empty()) {
    JudgedCases cases;
    cases.add(r.request, e, 0, 0);
    cases.diagnose(report);
  }
  const Result& now = report.results.front();
  report.facts.emplace_back(
      "found now", std::string(name_of(now.outcome)) + (now.message.empty() ? "" : ": " + now.message));
  const int status = write_reports(o.reports, report);
  for (const std::string& line : now.where) std::cout << "  " << line << "\n";
  if (o.show && r.law.empty()) show(r.request, e);
  return status;
}

// What is wrong with a spec is told with its file's name.
LiveQuestions questions_of(const VerifyOptions& o) {
  const SpecTemplate spec = template_of(o.block);
  try {
    return {spec, o.gradients};
  } catch (const Error& e) {
    if (o.block.spec_file.empty()) throw;
    throw Error(o.block.spec_file + ": " + e.what());
  }
}

std::set<std::string, std::less<>> promises_of(const VerifyOptions& o) {
  if (!o.batch_invariant) return {};
  return {"--batch-invariant"};
}

int verify(const VerifyOptions& o) {
  const Profile profile = profile_from_text(o.profile);
  const auto [shard, shards] = read_shard(o.shard);
  if (shard > o.cases)
    throw Error(
        fmt::format("--shard: expected at most {}, as many as there are cases, found {}", o.cases, o.shard));
  const CampaignSettings settings{.name = name_of_block(o.block),
                                  .profile = profile,
                                  .questions = questions_of(o),
                                  .gradients = o.gradients,
                                  .promises = promises_of(o),
                                  .cases = o.cases,
                                  .seed = o.seed,
                                  .shard = shard,
                                  .shards = shards,
                                  .shrink = o.shrink,
                                  .failures_folder = o.failures};
  check_folder(o.failures);
  Subprocess peer = implementation(o);
  RunReport report{.title = "plumbline verify " + settings.name,
                   .facts = {{"command", peer.name()},
                             {"profile", profile_text(profile)},
                             {"asked for", o.gradients ? "y and gradients" : "y"},
                             {"seed", std::to_string(o.seed)},
                             {"shard", o.shard}},
                   .asked = {{"spec", template_of(o.block)},
                             {"profile", to_json(profile)},
                             {"seed", o.seed},
                             {"cases", o.cases},
                             {"shard", shard},
                             {"shards", shards},
                             {"gradients", o.gradients}}};
  {
    Progress progress;
    run_campaign(settings, peer, progress, report);
  }
  return write_reports(o.reports, report);
}

// Asks each question once, as it is.
int ask_given(const VerifyOptions& o, Subprocess& peer, const std::vector<GivenCase>& cases,
              RunReport& report) {
  FailureFiles files(o.failures);
  const auto save = [&](const Request& r, const Examination& e) {
    const Replay replay{r, fmt::format("{}: {}", name_of(e.outcome), e.message), ""};
    try {
      report.notes.push_back("ask again: " +
                             peer.ask_again(files.write(r.id + " " + e.kind, replay, e.answer)));
    } catch (const Error& trouble) {
      report.notes.push_back(std::string("not saved: ") + trouble.what());
    }
  };
  {
    Progress progress;
    judge_given(cases, progress, report, save);
  }
  std::cout << lines_of_cases(report);
  return write_reports(o.reports, report);
}

// Questions of one's own: each of them, and nothing else.
int ask_own(const VerifyOptions& o, const Said& said) {
  check_folder(o.failures);
  const std::vector<OwnQuestion> questions = own_questions(o.own, said);
  Subprocess peer = implementation(o);
  RunReport report{.title = fmt::format("plumbline verify --question {}", fmt::join(o.own, " ")),
                   .facts = {{"command", peer.name()}}};
  std::vector<GivenCase> cases;
  for (const OwnQuestion& q : questions) {
    const Request& r = q.request;
    report.facts.emplace_back(r.id, fmt::format("{}; {}", sizes_text(r.question), profile_text(r.profile)));
    report.notes.insert(report.notes.end(), q.notes.begin(), q.notes.end());
    cases.push_back({r.id, [&r] { return std::shared_ptr<const Request>(std::shared_ptr<const void>(), &r); },
                     [&](const Request& asked) { return peer.ask(asked); }});
  }
  return ask_given(o, peer, cases, report);
}

// Questions about layers of a checkpoint, with its parameters; those of one layer are held at a time.
int ask_about_checkpoint(const VerifyOptions& o) {
  const Profile profile = profile_from_text(o.profile);
  const Checkpoint checkpoint(o.block.hf);
  const std::vector<int> layers = chosen_layers(checkpoint, o.block);
  check_folder(o.failures);
  Subprocess peer = implementation(o);
  RunReport report{.title = "plumbline verify --hf " + o.block.hf,
                   .facts = {{"command", peer.name()},
                             {"profile", profile_text(profile)},
                             {"asked for", o.gradients ? "y and gradients" : "y"},
                             {"seed", std::to_string(o.seed)}}};
  const int of_layer = std::max(1, o.cases / int(layers.size()));
  std::vector<GivenCase> cases;
  for (const int l : layers) {
    const auto questions =
        std::make_shared<LiveQuestions>(template_of_layer(checkpoint, l, o.block), o.gradients);
    const auto parameters = std::make_shared<Parameters<double>>();
    for (int k = 0; k < of_layer; ++k) {
      const std::string id = fmt::format("{}-{}", name_of_layer(l), k);
      const auto question = [&, l, k, id, questions, parameters, of_layer] {
        if (k == 0) *parameters = checkpoint.parameters(l);
        Request r{id, profile, question_from(draw(*questions, o.seed, k).value(), profile)};
        put_parameters(r.question.inputs.parameters, *parameters, profile.storage);
        if (k + 1 == of_layer) parameters->clear();
        return std::make_shared<const Request>(std::move(r));
      };
      cases.push_back({id, question, [&](const Request& asked) { return peer.ask(asked); }});
    }
  }
  return ask_given(o, peer, cases, report);
}

void add_verify(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("verify", "Judge a program that answers questions over a pipe");
  const auto o = std::make_shared<VerifyOptions>();
  add_block_options(*verb, o->block);
  add_checkpoint_options(*verb, o->block);
  add_question_sizes(*verb, o->block);
  verb->add_option("--profile", o->profile,
                   "The arithmetic it claims: a name, or JSON of one's own [float32]")
      ->option_text("NAME");
  verb->add_option("--cases", o->cases, "How many questions are drawn [100]")
      ->check(CLI::Range(1, 1 << 24))
      ->option_text("N");
  add_seed(*verb, o->seed);
  verb->add_option("--timeout", o->timeout, "Seconds for one answer; the first includes the start [60]")
      ->check(CLI::Range(1e-3, 1e6))
      ->option_text("S");
  verb->add_option("--shard", o->shard, "Ask the K-th of N parts of the questions [1/1]")->option_text("K/N");
  verb->add_flag("--grads,!--no-grads", o->gradients, "Ask for gradients too [yes]");
  verb->add_flag("--batch-invariant", o->batch_invariant,
                 "It promises that a sequence has the same bits alone and in every batch");
  verb->add_flag("--shrink,!--no-shrink", o->shrink, "Make failing cases smaller [yes]");
  verb->add_option("--failures", o->failures, "Where failing cases are saved [plumbline-failures]")
      ->option_text("DIR");
  add_report_options(*verb, o->reports);
  verb->add_option("--replay", o->replay, "Ask the question in a file again, and nothing else")
      ->option_text("FILE");
  verb->add_flag("--show", o->show,
                 "With --replay: print the worst entries of every output, and where wrong ones lie");
  verb->add_option("--pipes", o->pipes,
                   "In the place of COMMAND: descriptors that are open, to read answers from and to write "
                   "questions to")
      ->option_text("IN,OUT");
  verb->add_option("--called", o->called, "With --pipes: what answers there is called in reports")
      ->needs("--pipes")
      ->option_text("TEXT");
  verb->add_option("--ask-again", o->ask_again,
                   "With --pipes: the line that asks a question again; {} stands for its file")
      ->needs("--pipes")
      ->option_text("TEXT");
  verb->add_option("COMMAND", o->command, "The program and its arguments, after --")
      ->excludes("--pipes")
      ->option_text(" ");
  add_own_questions(*verb, o->own,
                    {"--replay", "--cases", "--shard", "--shrink", "--batch-invariant", "--tokens",
                     "--key-tokens", "--batch"});
  for (const char* other : {"--shard", "--shrink", "--batch-invariant", "--replay"})
    verb->get_option("--hf")->excludes(verb->get_option(other));
  verb->footer(
      "Where sizes are left open they are drawn. In a spec file, {\"from\": 5, \"to\": 64} and {\"one_of\": "
      "[...]}\n"
      "leave any value open; \"T\", \"T_k\" and \"batch\" stand beside a spec's own keys.\n"
      "With --hf the questions have the parameters of a checkpoint: none is made small, and no relation is "
      "tried.\n"
      "Example: plumbline verify --preset llama --profile bfloat16-mixed -- python3 my_block.py");
  verb->callback([o, verb, &status] {
    Process::end_with_this_program();
    if (o->command.empty() && o->pipes.empty()) throw CLI::RequiredError("COMMAND");
    check_outputs(o->reports);
    if (!o->replay.empty()) {
      status = replay(*o);
      return;
    }
    if (!o->own.empty()) {
      status = ask_own(*o, said_by(*verb, o->block, o->profile, o->gradients, o->seed));
      return;
    }
    require_block(o->block);
    status = o->block.hf.empty() ? verify(*o) : ask_about_checkpoint(*o);
  });
}

const Verb verify_verb{50, add_verify};

}  // namespace
}  // namespace plumbline::cli
