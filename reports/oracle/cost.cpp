#include <fmt/format.h>

#include "reports/oracle/record.hpp"
#include "reports/oracle/sections.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

const std::string run_prefix = "default run/", size_prefix = "real size/";

constexpr const char* cost_text =
    R"(Plumbline's own time for one case: to draw the question, to ask it, to calibrate and to judge. The time of the program
under test is not counted. Sizes up to 64; medians of {} cases on {}, {} cores. *All cores* adds up the time of all cores.
*Evaluations* is that time over the time of evaluating the same block once, in double, with all gradients.

)";

constexpr const char* runs_text =
    R"(A whole run of `plumbline verify` with its defaults: 100 questions and the laws. Seconds are Plumbline's own, without
those of the program under test. {} of {} runs stayed within their limit.

)";

constexpr const char* sizes_text =
    R"(To judge one right answer at the size of a real model, with what an agreement would have noticed. Seconds on all cores;
memory is all that the program has in use, question and answer included. {} of {} stayed within their limit.

)";

// "default run/llama/float32": within so many seconds, beside the command's own time.
std::string default_runs(const Json& record) {
  std::vector<Row> rows;
  int runs = 0, within = 0;
  for (const Json& r : record.at("results")) {
    const std::string name = r.at("name");
    if (!name.starts_with(run_prefix)) continue;
    const std::string what = name.substr(run_prefix.size());
    const double seconds = r.at("seconds"), most = r.at("within");
    ++runs, within += seconds <= most;
    rows.push_back({what.substr(0, what.find('/')), what.substr(what.find('/') + 1),
                    fmt::format("{:.1f}", seconds), fmt::format("{:.0f}", most), r.value("reached", "")});
  }
  if (rows.empty()) return "";
  return fmt::format(runs_text, within, runs) +
         table({"question", "profile", "seconds", "limit", "sizes"}, "llrrl", rows);
}

// "real size/block of LLaMA-7B, 16 tokens/float32/y": within so many seconds.
std::string real_sizes(const Json& record) {
  std::vector<Row> rows;
  int cases = 0, within = 0;
  for (const Json& r : record.at("results")) {
    const std::string name = r.at("name");
    if (!name.starts_with(size_prefix)) continue;
    const std::string what = name.substr(size_prefix.size());
    const auto first = what.find('/'), last = what.rfind('/');
    const double seconds = r.at("seconds"), most = r.at("within");
    ++cases, within += seconds <= most;
    rows.push_back({what.substr(0, first), what.substr(first + 1, last - first - 1),
                    what.substr(last + 1) == "y" ? "y" : "y, gradients", fmt::format("{:.1f}", seconds),
                    fmt::format("{:.0f}", most), fmt::format("{:.1f}", r.at("gb").get<double>())});
  }
  if (rows.empty()) return "";
  return fmt::format(sizes_text, within, cases) +
         table({"question", "profile", "outputs", "seconds", "limit", "GB"}, "lllrrr", rows);
}

}  // namespace

std::string cost_section(const Json& record) {
  std::vector<Row> rows;
  for (const Json& r : record.at("results")) {
    const std::string name = r.at("name");  // "llama/float32/gradients"
    if (name.starts_with(run_prefix) || name.starts_with(size_prefix)) continue;
    const auto first = name.find('/'), last = name.rfind('/');
    const bool only_y = name.substr(last + 1) == "y";
    rows.push_back({name.substr(0, first), name.substr(first + 1, last - first - 1),
                    only_y ? "y" : "y, gradients", fmt::format("{:.0f}", r.at("median_ms").get<double>()),
                    fmt::format("{:.0f}", r.at("processor_ms").get<double>()),
                    fmt::format("{:.0f}", r.at("ratio").get<double>())});
  }
  return measured(record) +
         fmt::format(cost_text, record.at("results").at(0).at("cases").get<int>(),
                     record.at("processor").get<std::string>(), record.at("cores").get<int>()) +
         table({"question", "profile", "outputs", "ms", "ms, all cores", "evaluations"}, "lllrrr", rows) +
         default_runs(record) + real_sizes(record);
}

}  // namespace plumbline::reports
