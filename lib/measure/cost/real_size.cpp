// What it takes to judge a right answer at the size of a real model: wall time and memory, the program's own
// included, with the question and the answer in memory already.
//
//   seconds, within   of one judgement, with what an agreeing answer would have noticed; and what it may take
//   gb                the most memory that the program has had in use, in 10^9 bytes
#include <benchmark/benchmark.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "measure/cost/parts.hpp"
#include "measure/cost/right_answers.hpp"
#include "plumbline/campaign/examine.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline::cli {
namespace {

struct Case {
  const char *name, *spec;
  int tokens;
  const char* profile;
  bool gradients;
  double within;  // seconds
};

constexpr const char* llama_7b = R"({"preset": "llama", "d": 4096, "ffn": {"d_ff": 11008},
    "attention": {"n_heads": 32, "n_kv_heads": 32, "head_dim": 128}})";
constexpr const char* gpt2_small = R"({"preset": "gpt2", "d": 768, "ffn": {"d_ff": 3072},
    "attention": {"n_heads": 12, "n_kv_heads": 12, "head_dim": 64}})";

constexpr Case cases[] = {{"block of LLaMA-7B, 16 tokens", llama_7b, 16, "float32", false, 60},
                          {"block of LLaMA-7B, 16 tokens", llama_7b, 16, "bfloat16-mixed", false, 60},
                          {"block of GPT-2 small, 128 tokens", gpt2_small, 128, "float32", true, 10},
                          {"block of GPT-2 small, 128 tokens", gpt2_small, 128, "bfloat16-mixed", true, 10}};

// Forgets what the program has had in use so far.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double peak_gb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return 1024e-9 * std::stod(line.substr(6));
  return 0;
}

void real_size(benchmark::State& state, const Case& c) {
  const Profile& profile = find_profile(c.profile);
  const Request r{
      c.name, profile,
      question_from(
          {.spec = spec_from_json(parse_json(c.spec, c.name)), .tokens = c.tokens, .gradients = c.gradients},
          profile)};
  const Answer answer{Answer::Kind::outputs, right_outputs(r.question, profile), ""};
  forget_peak();
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    Sensitivity sensitivity;
    const Examination e = examine(r, answer, &sensitivity);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (e.outcome != Outcome::agrees)
      state.SkipWithError((std::string(name_of(e.outcome)) + ": " + e.message).c_str());
    state.SetIterationTime(seconds);
    state.counters["seconds"] = seconds;
  }
  state.counters["gb"] = peak_gb();
  state.counters["within"] = c.within;
}

}  // namespace

void add_real_sizes() {
  for (const Case& c : cases)
    benchmark::RegisterBenchmark(
        (std::string("real size/") + c.name + "/" + c.profile + "/" + (c.gradients ? "gradients" : "y"))
            .c_str(),
        [&c](benchmark::State& state) { real_size(state, c); })
        ->UseManualTime()
        ->Unit(benchmark::kSecond)
        ->Iterations(1);
}

}  // namespace plumbline::cli
