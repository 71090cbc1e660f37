// The table of laws and mutants, as it stands in kills.json: a law is broken by these mutants, and by no
// others. `plumbline_laws --kills properties/kills.json` writes it; what changes there is to be read.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "properties/records/kills.hpp"
#include "properties/trial.hpp"

namespace plumbline::properties {
namespace {

const nlohmann::json& table() {
  static const nlohmann::json all = nlohmann::json::parse(std::ifstream(PLUMBLINE_KILLS));
  return all;
}

class KillsTest : public testing::Test {
 public:
  explicit KillsTest(const Law& law) : law_(law) {}
  void TestBody() override {
    const std::string id(law_.id);
    ASSERT_TRUE(table().contains(id)) << "no row for " << id;
    EXPECT_EQ(kills_of(law_), table()[id].get<std::vector<std::string>>()) << id << ": " << law_.claim;
  }

 private:
  const Law& law_;
};

TEST(KillsTable, HasNoRowWithoutALaw) {
  for (const auto& [id, mutants] : table().items())
    EXPECT_TRUE(std::ranges::any_of(all_laws(), [&](const Law& l) { return l.id == id; })) << id;
}

void register_tests() {
  for (const Law& law : all_laws())
    testing::RegisterTest("Kills", test_name(law.id).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&law]() -> testing::Test* { return new KillsTest(law); });
}

}  // namespace
}  // namespace plumbline::properties

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  plumbline::properties::register_tests();
  return RUN_ALL_TESTS();
}
