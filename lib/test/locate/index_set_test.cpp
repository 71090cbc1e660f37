// Sets of indices are told in the fewest words, or not at all.
#include "plumbline/locate/index_set.hpp"

#include <gtest/gtest.h>

namespace plumbline {
namespace {

template <class In>
std::string told(std::ptrdiff_t size, const In& in) {
  Indices set;
  for (std::ptrdiff_t i = 0; i < size; ++i) set.push_back(in(i));
  const auto words = words_for({"row", "rows", size}, set);
  return words ? words->text : "no words";
}

TEST(IndexSet, IsToldInTheFewestWords) {
  EXPECT_EQ(told(20, [](auto) { return true; }), "");
  EXPECT_EQ(told(1, [](auto) { return true; }), "");
  EXPECT_EQ(told(20, [](auto i) { return i == 3; }), "row 3");
  EXPECT_EQ(told(20, [](auto i) { return i >= 17; }), "rows from 17 on");
  EXPECT_EQ(told(20, [](auto i) { return i < 4; }), "rows 0…3");
  EXPECT_EQ(told(20, [](auto i) { return i > 3 && i < 8; }), "rows 4…7");
  EXPECT_EQ(told(20, [](auto i) { return i != 3; }), "every row but row 3");
  EXPECT_EQ(told(20, [](auto i) { return i % 2 == 1; }), "odd rows");
  EXPECT_EQ(told(64, [](auto i) { return i % 32 >= 16; }), "rows 16…31 of every 32");
  EXPECT_EQ(told(64, [](auto i) { return i % 16 == 0; }), "row 0 of every 16");
  EXPECT_EQ(told(20, [](auto i) { return i == 2 || i == 7 || i == 11; }), "rows 2, 7 and 11");
}

TEST(IndexSet, WithoutOrderIsNotTold) {
  EXPECT_EQ(told(64, [](auto i) { return i * 2654435761u >> 7 & 1; }), "no words");
  EXPECT_EQ(told(64, [](auto) { return false; }), "no words");
}

}  // namespace
}  // namespace plumbline
