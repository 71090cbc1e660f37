#include "reports/oracle/record.hpp"

#include <fmt/format.h>

#include "plumbline/judge/stamp.hpp"

namespace plumbline::reports {
namespace {

// Presets were hashed once, which are names of questions: these are two hashes of the same rule.
constexpr const char *with_presets = "cd09023f7850", *without_presets = "95c2e5121a4b";

}  // namespace

bool measures_the_rule_as_it_is(const Json& record) {
  if (!record.contains("stamp")) return false;
  const std::string found = record.at("stamp").at("rule");
  return found == rule() || (found == with_presets && rule() == without_presets);
}

std::string measured(const Json& record) {
  if (!record.contains("stamp")) return "Measured with an earlier rule; the record does not say which.\n\n";
  const Json& s = record.at("stamp");
  const std::string found = s.at("rule");
  const std::string which = measures_the_rule_as_it_is(record) ? "the rule as it is" : "an earlier rule";
  std::string machines;
  for (const Json& m : record.value("machines", Json::array({s.at("machine")})))
    machines += (machines.empty() ? "" : " and ") + m.get<std::string>();
  std::string asked = s.contains("asked") ? ", asking " + s.at("asked").get<std::string>() : "";
  if (s.contains("seeds")) asked += fmt::format(", seeds {}", s.at("seeds").dump());
  return fmt::format("Measured with {} ({}), plumbline {}{}, on {}, on {}.\n\n", which, found,
                     s.at("version").get<std::string>(), asked, s.at("date").get<std::string>(), machines);
}

int number(const Json& j, const char* key) { return j.contains(key) ? j.at(key).get<int>() : 0; }

std::string percent(int part, int whole) {
  return whole == 0 ? "–" : fmt::format("{:.1f} %", 100.0 * part / whole);
}

std::string of(int part, int whole) { return fmt::format("{} of {}", part, whole); }

}  // namespace plumbline::reports
