// The oracle's records measure the rule as it is. Older ones are listed here, so that none grows old unseen.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "reports/oracle/record.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* independent =
    "functionals of a family counted as independent then: to be measured again";
constexpr const char* narrower = "experts, streams, latents, sinks and gates could not be asked yet";
constexpr const char* of_fewer_knobs =
    "masks as tensors, unlike layers and ways to join the stream are newer";
constexpr const char* before_balls = "exact values of large blocks come from balls since";
const std::map<std::string, const char*> older{
    {"agreement.json", narrower},
    {"census.json", independent},
    {"characteristics.json", narrower},
    {"characteristics-before.json", "shows the rule before right answers were put to every question"},
    {"identified.json", of_fewer_knobs},
    {"identified-presets.json", before_balls},
    {"naming-bfloat16-mixed.json", independent},
    {"naming-float16-mixed.json", independent},
    {"naming-float32.json", narrower},
    {"pairs.json", independent},
    {"real-bugs.json", narrower},
    {"swaps.json", before_balls},
};

TEST(OracleRecords, AreOfTheRuleAsItIs) {
  for (const auto& entry : std::filesystem::directory_iterator(PLUMBLINE_ORACLE_RECORDS)) {
    const std::string name = entry.path().filename();
    const Json record = Json::parse(std::ifstream(entry.path()));
    EXPECT_EQ(!measures_the_rule_as_it_is(record), older.contains(name)) << name;
  }
}

TEST(OracleRecords, OlderOnesExist) {
  for (const auto& [name, why] : older)
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(PLUMBLINE_ORACLE_RECORDS) / name)) << why;
}

}  // namespace
}  // namespace plumbline::reports
