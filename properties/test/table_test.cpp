// The table of laws is whole: every law is tried somewhere, has a reason for every other cell, and lists
// mutants; every mutant is listed; ids are unique.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "properties/law.hpp"
#include "properties/subjects/mutant.hpp"

namespace plumbline::properties {
namespace {

TEST(Table, EveryCellIsTriedOrHasAReason) {
  for (const Law& law : all_laws()) {
    EXPECT_FALSE(law.scope.tried.empty()) << law.id;
    for (const Cell& cell : cells()) {
      const bool tried = std::ranges::count(law.scope.tried, cell) > 0;
      EXPECT_NE(tried, !law.scope.why_not(cell).empty()) << law.id << ", " << cell;
    }
  }
}

TEST(Table, EveryColumnIsTried) {
  for (const Cell& cell : cells())
    EXPECT_TRUE(std::ranges::any_of(all_laws(), [&](const Law& law) {
      return std::ranges::count(law.scope.tried, cell) > 0;
    })) << cell;
}

TEST(Table, IdsAreUnique) {
  std::set<std::string_view> laws, wrong;
  for (const Law& law : all_laws()) EXPECT_TRUE(laws.insert(law.id).second) << law.id;
  for (const Mutant& m : mutants()) EXPECT_TRUE(wrong.insert(m.id).second) << m.id;
}

TEST(Table, EveryLawListsMutantsThatExistOnce) {
  for (const Law& law : all_laws()) {
    EXPECT_FALSE(law.mutants.empty()) << law.id;
    const std::set<std::string_view> once(law.mutants.begin(), law.mutants.end());
    EXPECT_EQ(once.size(), law.mutants.size()) << law.id;
    for (std::string_view id : law.mutants) EXPECT_NO_THROW(find_mutant(id)) << law.id;
  }
}

TEST(Table, EveryMutantIsListed) {
  std::set<std::string_view> listed;
  for (const Law& law : all_laws()) listed.insert(law.mutants.begin(), law.mutants.end());
  for (const Mutant& m : mutants()) EXPECT_TRUE(listed.contains(m.id)) << m.id;
}

// Of each as many as there are, so that none goes unseen.
TEST(Table, HasThatManyLawsAndMutants) {
  EXPECT_EQ(all_laws().size(), 189u);
  EXPECT_EQ(deviations().size(), 188u);
  EXPECT_EQ(misreadings().size(), 2u);
  EXPECT_EQ(faults().size(), 38u);
  EXPECT_EQ(mutants().size(), deviations().size() + misreadings().size() + faults().size());
}

}  // namespace
}  // namespace plumbline::properties
