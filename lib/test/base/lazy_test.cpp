#include "plumbline/base/lazy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace plumbline {
namespace {

TEST(Lazy, IsMadeOnceWhoeverAsks) {
  const Lazy<int> value;
  std::atomic<int> made = 0, sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { sum += value([&] { return ++made, 5; }); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(sum, 40);
}

TEST(Lazy, IsMadeByTheNextOneWhereMakingItFails) {
  const Lazy<int> value;
  EXPECT_THROW(value([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(value([] { return 3; }), 3);
}

}  // namespace
}  // namespace plumbline
