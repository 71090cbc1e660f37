// How long a run of `plumbline verify` takes with its defaults, beside the command's own time, and which
// sizes it reached. Who runs it before every commit wants a single operation within seconds, a block within a
// minute.
//
//   seconds   of Plumbline's own: drawing, calibration, verdicts, relations
//   within    the seconds that it may take
#include <benchmark/benchmark.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/block_options.hpp"
#include "cli/open_spec.hpp"
#include "measure/cost/parts.hpp"
#include "plumbline/campaign/campaign.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {
namespace {

struct Run {
  const char* name;
  const char* spec;
  double within;  // seconds
};

constexpr Run runs[] = {
    {"norm", R"({"part": "norm", "d": {"from": 1, "to": 4096}, "norm": {"kind": "layer_norm"}})", 10},
    {"sdpa", R"({"part": "sdpa", "attention": {"n_heads": {"from": 1, "to": 16}, "mask": "causal",
                 "head_dim": {"from": 1, "to": 256}}})",
     30},
    {"llama", R"({"preset": "llama"})", 60},
    {"gemma2", R"({"preset": "gemma2"})", 60},
    {"post_norm", R"({"preset": "post_norm"})", 60},
    {"bert", R"({"preset": "bert"})", 60},
};

LiveQuestions questions_of(const Run& run) {
  const Json spec = parse_json(run.spec, run.name);
  if (!spec.contains("preset")) return {spec, true};
  BlockOptions options;
  options.preset = spec.at("preset");
  return {template_of(options), true};
}

void default_run(benchmark::State& state, const Run& run, const Profile& profile,
                 const std::string& program) {
  const CampaignSettings settings{
      .name = run.name, .profile = profile, .questions = questions_of(run), .failures_folder = {}};
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    Subprocess peer({program, "--serve"}, 600);
    RunReport report;
    {
      Progress progress;
      run_campaign(settings, peer, progress, report);
    }
    const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.SetIterationTime(all - peer.seconds());
    state.counters["seconds"] = all - peer.seconds();
    if (!report.failures.empty()) state.SkipWithError(report.failures[0].headline.c_str());
    for (const std::string& note : report.notes)
      if (note.starts_with("reached ")) state.SetLabel(note.substr(8));
  }
  state.counters["within"] = run.within;
}

}  // namespace

void add_default_runs(const std::string& program) {
  for (const Run& run : runs)
    for (const char* profile : {"float32", "bfloat16-mixed"})
      benchmark::RegisterBenchmark((std::string("default run/") + run.name + "/" + profile).c_str(),
                                   [&run, profile, program](benchmark::State& state) {
                                     default_run(state, run, find_profile(profile), program);
                                   })
          ->UseManualTime()
          ->Unit(benchmark::kSecond)
          ->Iterations(1);
}

}  // namespace plumbline::cli
