#include "reports/conformance/node_tests.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

std::string counts_of(const std::map<std::string, int>& counts) {
  std::string out;
  for (const auto& [what, n] : counts) out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", what, n);
  return out;
}

Row row_of(const std::string& name, const NodeTests& t) {
  int unexpressed = 0;
  for (const auto& [why, n] : t.unexpressed) unexpressed += n;
  return {name,
          std::to_string(t.expressed + unexpressed),
          std::to_string(t.expressed),
          std::to_string(t.agree),
          fmt::format("{} of {}", t.rejected, t.damaged),
          counts_of(t.others),
          counts_of(t.unexpressed)};
}

NodeTests sum_of(const NodeTestRecord& record) {
  NodeTests sum;
  for (const auto& [name, t] : record.operators) {
    sum.expressed += t.expressed, sum.agree += t.agree;
    sum.damaged += t.damaged, sum.rejected += t.rejected;
    for (const auto& [what, n] : t.others) sum.others[what] += n;
    for (const auto& [why, n] : t.unexpressed) sum.unexpressed[why] += n;
  }
  return sum;
}

}  // namespace

NodeTestRecord node_tests_of(const Json& record) {
  NodeTestRecord out{
      record.at("run").at("version").get<std::string>(), record.at("run").at("date").get<std::string>(), {}};
  for (const Json& t : record.at("tests")) {
    NodeTests& of = out.operators[t.at("operator").get<std::string>()];
    const std::string outcome = t.at("outcome").get<std::string>();
    ++of.expressed;
    if (outcome == "agrees")
      ++of.agree;
    else
      ++of.others[outcome + " in " + t.at("profile").get<std::string>()];
    of.damaged += t.at("damaged").get<int>();
    of.rejected += t.at("rejected").get<int>();
  }
  for (const Json& t : record.at("unexpressed"))
    ++out.operators[t.at("operator").get<std::string>()].unexpressed[t.at("why").get<std::string>()];
  return out;
}

std::string node_tests_section(const NodeTestRecord& record) {
  if (record.operators.empty()) return "";
  std::vector<Row> rows;
  for (const auto& [name, t] : record.operators) rows.push_back(row_of(name, t));
  rows.push_back(row_of("all", sum_of(record)));
  return fmt::format(
             "## ONNX's own tests\n\nONNX {} has tests of single operators: inputs, and the output that its "
             "reference computes. Each was made a question, and that output judged as an answer to it; so "
             "were copies of it that were damaged. Of operators with more outputs y alone is judged. "
             "`onnx_node_tests.py` did it on {}.\n\n",
             record.version, record.date) +
         table({"operator", "tests", "expressed", "agree", "damaged, rejected", "other verdicts",
                "not expressed, and why"},
               "lrrrrll", rows);
}

}  // namespace plumbline::reports
