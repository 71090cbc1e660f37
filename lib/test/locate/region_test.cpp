// The smallest region that holds all marked entries, exactly.
#include "plumbline/locate/region.hpp"

#include <gtest/gtest.h>

namespace plumbline {
namespace {

constexpr int B = 3, T = 20, H = 4, C = 64;
const View heads{
    {"sequence", "sequences", B}, {"row", "rows", T}, {"head", "heads", H}, {"channel", "channels", C}};
const View flat{{"flat row", "flat rows", B* T}, {"head", "heads", H}, {"channel", "channels", C}};

template <class In>
Region region(const In& in) {
  std::vector<bool> marked;
  for (int b = 0; b < B; ++b)
    for (int t = 0; t < T; ++t)
      for (int h = 0; h < H; ++h)
        for (int c = 0; c < C; ++c) marked.push_back(in(b, t, h, c));
  const std::vector<View> views{heads, flat};
  return region_of(views, marked);
}

// Most entries of a region that is wrong are; some are right by chance.
bool by_chance(int b, int t, int h, int c) {
  return (b * 7919 + t * 104729 + h * 1299709 + c * 15485863) % 11 == 0;
}

template <class In>
std::string told(const In& in) {
  const Region all = region(in), most = region([&](auto... i) { return in(i...) && !by_chance(i...); });
  EXPECT_EQ(all.marked, all.size);
  EXPECT_LT(most.marked, most.size);
  EXPECT_TRUE(most.is_mostly_marked());
  EXPECT_EQ(most.text, all.text);
  EXPECT_EQ(most.exception, all.exception);
  return (all.exception ? "all but " : "") + all.text;
}

TEST(Region, IsToldByAxes) {
  EXPECT_EQ(told([](auto...) { return true; }), "every entry");
  EXPECT_EQ(told([](int, int, int, int c) { return c >= 32; }), "channels from 32 on of every head");
  EXPECT_EQ(told([](int, int t, int, int) { return t >= 17; }), "rows from 17 on");
  EXPECT_EQ(told([](int, int, int h, int) { return h > 0; }), "all but head 0");
  EXPECT_EQ(told([](int b, int, int, int) { return b == 1; }), "sequence 1");
  EXPECT_EQ(told([](int b, int t, int, int) { return b * T + t > 25; }), "flat rows from 26 on");
  EXPECT_EQ(told([](int b, int t, int, int) { return b != 0 || t != 5; }), "all but row 5 of sequence 0");
  EXPECT_EQ(told([](int, int t, int h, int) { return t % 16 == 0 && h == 2; }), "head 2 of rows 0 and 16");
  EXPECT_EQ(told([](int b, int t, int, int c) { return b == 0 && t > 3 && c < 16; }),
            "channels 0…15 of every head of rows from 4 on of sequence 0");
}

TEST(Region, WithoutOrderIsAll) {
  const Region r = region([](int b, int t, int h, int c) {
    return ((b * 7919u + t * 104729u + h * 1299709u + c) * 2654435761u >> 9) % 7 == 0;
  });
  EXPECT_TRUE(r.everything);
  EXPECT_FALSE(r.is_mostly_marked());
}

}  // namespace
}  // namespace plumbline
