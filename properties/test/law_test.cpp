// Every law holds for the reference, and every mutant that a law lists turns it red.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "properties/subjects/mutant.hpp"
#include "properties/trial.hpp"

namespace plumbline::properties {
namespace {

class LawTest : public testing::Test {
 public:
  explicit LawTest(const Law& law) : law_(law) {}
  void TestBody() override {
    const Trial trial = try_law(law_, Subject(), cases_per_law);
    EXPECT_TRUE(trial.holds) << trial.message;
    const bool replays = std::getenv("RC_PARAMS") != nullptr;
    EXPECT_TRUE(replays || trial.cases == cases_per_law) << trial.cases;
    if (trial.holds) std::cout << trial.message << "\n";
  }

 private:
  Law law_;
};

class MutantTest : public testing::Test {
 public:
  explicit MutantTest(const Mutant& mutant) : mutant_(mutant) {}
  void TestBody() override {
    int killers = 0;
    for (const Law& law : all_laws())
      for (std::string_view id : law.mutants) {
        if (id != mutant_.id) continue;
        ++killers;
        const Trial trial = try_law(law, mutant_.subject, cases_per_mutant, false);
        EXPECT_EQ(trial.broken, "") << law.id << " could not be evaluated on " << mutant_.id;
        EXPECT_TRUE(trial.fails) << "the law " << law.id << " (" << law.claim << ") does not notice "
                                 << mutant_.id << ": " << mutant_.formula;
      }
    EXPECT_GT(killers, 0) << "no law lists " << mutant_.id;
  }

 private:
  const Mutant& mutant_;
};

}  // namespace

void register_tests() {
  for (const Law& law : all_laws())
    testing::RegisterTest("Law", test_name(law.id).c_str(), nullptr, std::string(law.claim).c_str(), __FILE__,
                          __LINE__, [&law]() -> testing::Test* { return new LawTest(law); });
  for (const Mutant& m : mutants())
    testing::RegisterTest("Mutant", test_name(m.id).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&m]() -> testing::Test* { return new MutantTest(m); });
}

}  // namespace plumbline::properties

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  plumbline::properties::register_tests();
  return RUN_ALL_TESTS();
}
