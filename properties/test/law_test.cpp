// Every law holds for the reference, and every mutant that a law lists turns it red.
#include <gtest/gtest.h>

#include <iostream>

#include "properties/trial.hpp"

namespace plumbline::properties {
namespace {

std::string test_name(std::string_view id) {
  std::string name(id);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

class LawTest : public testing::Test {
 public:
  explicit LawTest(const Law& law) : law_(law) {}
  void TestBody() override {
    const Trial trial = try_law(law_, Subject(), 60);
    EXPECT_TRUE(trial.holds) << law_.id << ": " << law_.claim << "\n" << trial.message;
    if (trial.holds) std::cout << trial.message << "\n";
  }

 private:
  Law law_;
};

class MutantTest : public testing::Test {
 public:
  explicit MutantTest(const Deviation& mutant) : mutant_(mutant) {}
  void TestBody() override {
    int killers = 0;
    for (const Law& law : all_laws())
      for (std::string_view id : law.mutants) {
        if (id != mutant_.id) continue;
        ++killers;
        const Trial trial = try_law(law, Subject(&mutant_), 100, false);
        EXPECT_EQ(trial.broken, "") << law.id << " could not be evaluated on " << mutant_.id;
        EXPECT_FALSE(trial.holds) << "the law " << law.id << " (" << law.claim << ") does not notice "
                                  << mutant_.id << ": " << mutant_.formula;
      }
    EXPECT_GT(killers, 0) << "no law lists " << mutant_.id;
  }

 private:
  const Deviation& mutant_;
};

}  // namespace

void register_tests() {
  static const std::vector<Law> laws = all_laws();
  for (const Law& law : laws)
    testing::RegisterTest("Law", test_name(law.id).c_str(), nullptr, std::string(law.claim).c_str(), __FILE__,
                          __LINE__, [&law]() -> testing::Test* { return new LawTest(law); });
  for (const Deviation& d : deviations())
    testing::RegisterTest("Mutant", test_name(d.id).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&d]() -> testing::Test* { return new MutantTest(d); });
}

}  // namespace plumbline::properties

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  plumbline::properties::register_tests();
  return RUN_ALL_TESTS();
}
