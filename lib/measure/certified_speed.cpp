// How long a certified block takes (block/certified.hpp) beside the same block in plain doubles, whose
// products are the same library's, and beside enclosures of 60 digits, in one run.
//
//   plumbline_certified_speed [--benchmark_filter=...]
//
//   times_double     of the certified block over the one in doubles
//   times_enclosure  of the one in enclosures over the certified one
//   radius           the largest radius of y, beside its largest value, as a power of two
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <string>

#include "plumbline/base/parallel.hpp"
#include "plumbline/block/certified.hpp"
#include "plumbline/cases/case.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

struct Block {
  const char* name;
  const char* preset;
  Dimensions dimensions;
  int tokens;
  bool with_enclosures;
};

const Block blocks[] = {
    {"gpt2/d:64/T:16", "gpt2", {.d = 64, .n_heads = 4, .head_dim = 16, .d_ff = 256}, 16, true},
    {"gpt2/d:256/T:16", "gpt2", {.d = 256, .n_heads = 4, .head_dim = 64, .d_ff = 1024}, 16, false},
    {"gpt2/d:768/T:128", "gpt2", {.d = 768, .n_heads = 12, .head_dim = 64, .d_ff = 3072}, 128, false},
    {"llama/d:4096/T:16",
     "llama",
     {.d = 4096, .n_heads = 32, .n_kv_heads = 32, .head_dim = 128, .d_ff = 11008},
     16,
     false},
};

template <class Body>
double seconds(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double radius(const BallMatrix& y) { return std::log2(y.rad.maxCoeff() / y.mid.cwiseAbs().maxCoeff()); }

void values(benchmark::State& state, const Block& b, int exact_parts) {
  const CaseSettings s{.spec = find_preset(b.preset).make(b.dimensions), .tokens = b.tokens};
  const CaseInputs in = inputs_of(s);
  const BallParameters parameters = exactly(in.parameters);
  const BallCost cost{processor_threads(), exact_parts};
  BallMatrix y = certified(s.spec, parameters, {in.x}, 1, cost);  // tables are made once
  double balls = 0, doubles = 0;
  for (auto _ : state) {
    const double t = seconds([&] { y = certified(s.spec, parameters, {in.x}, 1, cost); });
    balls += t;
    doubles += seconds([&] { benchmark::DoNotOptimize(evaluate<double>(s.spec, in.parameters, in.x)); });
    state.SetIterationTime(t);
  }
  state.counters["times_double"] = balls / doubles;
  state.counters["radius"] = radius(y);
  if (!b.with_enclosures) return;
  const double slow =
      seconds([&] { evaluate<Interval60>(s.spec, cast<Interval60>(in.parameters), cast<Interval60>(in.x)); });
  state.counters["times_enclosure"] = slow * double(state.iterations()) / balls;
}

void with_gradients(benchmark::State& state, const Block& b, int exact_parts) {
  const CaseSettings s{.spec = find_preset(b.preset).make(b.dimensions), .tokens = b.tokens};
  const CaseInputs in = inputs_of(s);
  const BallParameters parameters = exactly(in.parameters);
  const BallCost cost{processor_threads(), exact_parts};
  double balls = 0, doubles = 0;
  for (auto _ : state) {
    const double t = seconds([&] {
      benchmark::DoNotOptimize(certified_gradients(s.spec, parameters, {in.x}, {in.cotangent}, 1, cost));
    });
    balls += t;
    doubles += seconds(
        [&] { benchmark::DoNotOptimize(gradients<double>(s.spec, in.parameters, in.x, in.cotangent)); });
    state.SetIterationTime(t);
  }
  state.counters["times_double"] = balls / doubles;
}

const bool registered = [] {
  for (const Block& b : blocks)
    for (const int parts : {1, 2, 3}) {
      const std::string name = std::string(b.name) + "/parts:" + std::to_string(parts);
      benchmark::RegisterBenchmark(("y/" + name).c_str(), values, b, parts)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
      if (b.tokens < 64 && b.dimensions.d > 1024)
        continue;  // the gradients of all its weights fill the memory
      benchmark::RegisterBenchmark(("gradients/" + name).c_str(), with_gradients, b, parts)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  return true;
}();

}  // namespace
}  // namespace plumbline

BENCHMARK_MAIN();
