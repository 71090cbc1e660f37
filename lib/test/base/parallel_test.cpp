#include "plumbline/base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

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

}  // namespace
}  // namespace plumbline
