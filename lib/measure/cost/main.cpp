// plumbline_benchmark: how long the oracle takes; Google Benchmark's options, and
//
//   --record=FILE   at the end: writes it down for the page about the oracle
//   --serve         answers questions, rightly: the implementation that a default run asks
#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "measure/cost/parts.hpp"
#include "measure/cost/right_answers.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/judge/stamp.hpp"

namespace plumbline::cli {
namespace {

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

// Shows the results and remembers them.
class Recorder : public benchmark::ConsoleReporter {
 public:
  Recorder() : ConsoleReporter(OO_None) {}  // no colours: it may be read through a pipe
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      failed_ = failed_ || run.error_occurred;
      Json one{{"name", run.run_name.function_name}, {"cases", run.iterations}};
      for (const auto& [key, value] : run.counters) one[key] = double(value);
      if (!run.report_label.empty()) one["reached"] = run.report_label;
      results_.push_back(one);
    }
  }
  bool failed() const { return failed_; }
  Json record() const {
    return {{"stamp", stamp()},
            {"processor", processor()},
            {"cores", std::thread::hardware_concurrency()},
            {"results", results_}};
  }

 private:
  Json results_ = Json::array();
  bool failed_ = false;
};

}  // namespace
}  // namespace plumbline::cli

int main(int argc, char** argv) {
  using namespace plumbline;
  if (argc == 2 && std::string_view(argv[1]) == "--serve") return serve_right_answers();
  benchmark::Initialize(&argc, argv);
  const std::string option = "--record=", last = argv[argc - 1];
  const bool records = argc > 1 && last.starts_with(option);
  if (records) --argc;
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  cli::add_live_cases();
  cli::add_default_runs(std::filesystem::absolute(argv[0]));
  cli::add_real_sizes();
  cli::Recorder recorder;
  benchmark::RunSpecifiedBenchmarks(&recorder);
  if (recorder.failed()) return 1;
  if (records) write_bytes(last.substr(option.size()), recorder.record().dump(1) + "\n");
}
