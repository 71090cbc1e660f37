// What one live case costs beside the command under test: drawing the question, putting it on the wire,
// reading the answer, calibration and verdict. For each block the first 50 questions as `plumbline verify`
// draws them; every answer is right (computed in double, then rounded), so nothing is diagnosed.
//
//   median_ms      of a case, as a clock on the wall shows it
//   processor_ms   the same in processor time of all threads, which a busy machine distorts less
//   ratio          of a case's processor time to that of one evaluation of the same block in double with all
//                  gradients (median)
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/open_spec.hpp"
#include "measure/cost/parts.hpp"
#include "measure/cost/right_answers.hpp"
#include "plumbline/campaign/draw.hpp"
#include "plumbline/campaign/examine.hpp"
#include "plumbline/io/frame.hpp"

namespace plumbline::cli {
namespace {

constexpr int questions = 50;

struct Block {
  std::string name;
  SpecTemplate spec;
};

SpecTemplate of_preset(const char* name) {
  BlockOptions options;
  options.preset = name;
  return template_of(options);
}

const std::vector<Block>& blocks() {
  static const std::vector<Block> all = {
      {"norm", parse_json(R"({"part": "norm", "d": {"from": 5, "to": 64},
                              "norm": {"kind": {"one_of": ["layer_norm", "rms_norm"]}}})",
                          "norm")},
      {"sdpa",
       parse_json(R"({"part": "sdpa", "attention": {"n_heads": {"from": 2, "to": 6}, "head_dim": {"from": 3,
                              "to": 10}, "mask": {"one_of": ["causal", "bidirectional"]}}})",
                  "sdpa")},
      {"ffn", parse_json(R"({"part": "ffn", "d": {"from": 5, "to": 64}, "ffn": {"d_ff": {"from": 5, "to": 96},
                             "kind": {"one_of": ["mlp", "glu"]}, "activation": {"one_of": ["gelu_erf", "silu"]}}})",
                         "ffn")},
      {"llama", of_preset("llama")},
      {"post_norm", of_preset("post_norm")}};
  return all;
}

struct Time {
  double wall, processor;  // in milliseconds; the latter of all threads
};

class Stopwatch {
 public:
  Time read() const {
    const std::chrono::duration<double, std::milli> wall = Clock::now() - start_;
    return {wall.count(), processor_now() - processor_start_};
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double processor_now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * double(t.tv_sec) + 1e-6 * double(t.tv_nsec);
  }

  Clock::time_point start_ = Clock::now();
  double processor_start_ = processor_now();
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void live_case(benchmark::State& state, const Block& block, const Profile& profile, bool with_gradients) {
  const LiveQuestions drawn(block.spec, with_gradients);
  std::vector<double> wall, processor, ratios;
  Sensitivity sensitivity;
  for (auto _ : state) {
    const Stopwatch asking;
    const Request r{block.name, profile,
                    question_from(draw(drawn, 1, int(wall.size()) % questions).value(), profile)};
    const std::string asked = to_frame(to_bytes(to_container(r)));
    const Time to_ask = asking.read();

    const Stopwatch evaluating;
    const Outputs right = right_outputs(r.question, profile);
    const Time evaluation = evaluating.read();
    const std::string answer = to_bytes(to_container(right, r.question, profile));

    const Stopwatch judging;
    const Examination e =
        examine(r, answer_from(from_bytes(answer, "answer"), r.question, profile), &sensitivity);
    const Time to_judge = judging.read();
    if (is_failure(e.outcome))
      state.SkipWithError((std::string(name_of(e.outcome)) + ": " + e.message).c_str());
    wall.push_back(to_ask.wall + to_judge.wall);
    processor.push_back(to_ask.processor + to_judge.processor);
    ratios.push_back(processor.back() / evaluation.processor);
    state.SetIterationTime(wall.back() / 1000);
  }
  state.counters["median_ms"] = median(wall);
  state.counters["processor_ms"] = median(processor);
  state.counters["ratio"] = median(ratios);
}

}  // namespace

void add_live_cases() {
  for (const Block& block : blocks())
    for (const char* profile : {"float32", "bfloat16-mixed"})
      for (const bool with_gradients : {false, true})
        benchmark::RegisterBenchmark(
            (block.name + "/" + profile + (with_gradients ? "/gradients" : "/y")).c_str(),
            [&block, profile, with_gradients](benchmark::State& state) {
              live_case(state, block, find_profile(profile), with_gradients);
            })
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond)
            ->Iterations(questions);
}

}  // namespace plumbline::cli
