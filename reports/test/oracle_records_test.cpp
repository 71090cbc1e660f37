// The oracle's records measure the rule as it is. Older ones are listed here, so that none grows old unseen.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "plumbline/judge/stamp.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* independent =
    "functionals of a family counted as independent then: to be measured again";
const std::map<std::string, const char*> older{
    {"census.json", independent},
    {"characteristics-before.json", "shows the rule before right answers were put to every question"},
    {"cost.json", independent},
    {"naming-bfloat16-mixed.json", independent},
    {"naming-float16-mixed.json", independent},
    {"pairs.json", independent},
};

// Presets were hashed once, which are names of questions: these are two hashes of the same rule.
constexpr const char *with_presets = "cd09023f7850", *without_presets = "95c2e5121a4b";
bool is_of_the_rule_as_it_is(const nlohmann::json& stamp) {
  return stamp["rule"] == rule() || (stamp["rule"] == with_presets && rule() == without_presets);
}

TEST(OracleRecords, AreOfTheRuleAsItIs) {
  for (const auto& entry : std::filesystem::directory_iterator(PLUMBLINE_ORACLE_RECORDS)) {
    const std::string name = entry.path().filename();
    const auto record = nlohmann::json::parse(std::ifstream(entry.path()));
    const bool is_old = !record.contains("stamp") || !is_of_the_rule_as_it_is(record["stamp"]);
    EXPECT_EQ(is_old, older.contains(name)) << name;
  }
}

TEST(OracleRecords, OlderOnesExist) {
  for (const auto& [name, why] : older)
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(PLUMBLINE_ORACLE_RECORDS) / name)) << why;
}

}  // namespace
}  // namespace plumbline::reports
