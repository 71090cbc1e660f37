#include "plumbline/base/parallel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "number/other_arithmetic.hpp"

namespace plumbline {
namespace {

// How many of the pieces of work found that rounding mode.
int rounding_so(int mode) {
  std::atomic<int> found = 0;
  in_parallel(64, 2, [&](int) { found += std::fegetround() == mode; });
  return found;
}

// A library of threads may keep the mode that it first saw; so each thread here begins with another one.
TEST(Parallel, EveryPieceOfWorkRoundsAsTheCallerDoes) {
  for (const int first : {FE_UPWARD, FE_TONEAREST})
    std::thread([&] {
      {
        const test::OtherArithmetic a(first);
        EXPECT_EQ(rounding_so(first), 64);
      }
      EXPECT_EQ(rounding_so(FE_TONEAREST), 64);
      const test::OtherArithmetic a(FE_DOWNWARD);
      EXPECT_EQ(rounding_so(FE_DOWNWARD), 64);
    }).join();
}

TEST(Parallel, PartsAreEverythingOnce) {
  for (const std::int64_t count : {0, 1, 1 << 16, (1 << 20) - 1, 1 << 20, (1 << 20) + 77}) {
    std::vector<std::atomic<int>> seen(count);
    in_parts(count, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) ++seen.at(i);
    });
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& n) { return n == 1; })) << count;
  }
}

}  // namespace
}  // namespace plumbline
