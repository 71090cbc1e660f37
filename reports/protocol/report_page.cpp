#include "reports/protocol/report_page.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "plumbline/base/strict_json.hpp"
#include "plumbline/io/file.hpp"
#include "reports/render/markdown.hpp"

namespace plumbline::reports {
namespace {

using Schema = nlohmann::ordered_json;  // keys in the order that they are written in

std::string keys_of(const Schema& object) {
  std::vector<Row> rows;
  for (const auto& [key, value] : object.at("properties").items()) {
    std::string what = value.at("description").get<std::string>();
    if (value.contains("const")) what += fmt::format(": {}", value["const"].dump());
    if (value.contains("enum")) {
      std::string values;
      for (const auto& v : value["enum"])
        values += fmt::format("{}`{}`", values.empty() ? "" : ", ", v.get<std::string>());
      what += fmt::format(" ({})", values);
    }
    rows.push_back({fmt::format("`{}`", key), what});
  }
  return table({"key", "value"}, "ll", rows);
}

}  // namespace

Pages report_pages() {
  const Schema schema = parse_strict<Schema>(read_bytes(PLUMBLINE_REPORT_SCHEMA), PLUMBLINE_REPORT_SCHEMA);
  std::string s = R"(# The report as JSON

What `plumbline verify --json FILE` and `plumbline judge --json FILE` write, and `check(...).report` holds. `schema` is its
version: keys are added without another number; it rises where one goes away or means something else.
[report.schema.json](report.schema.json) says the same to programs.

)";
  s += keys_of(schema);
  for (const auto& [name, object] : schema.at("$defs").items())
    s += fmt::format("\n## {}\n\n{}", object.at("title").get<std::string>(), keys_of(object));
  return {{"report.md", s}, {"report.schema.json", schema.dump(2) + "\n"}};
}

}  // namespace plumbline::reports
