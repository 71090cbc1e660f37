#include "cli/table.hpp"

#include <gtest/gtest.h>

namespace plumbline::cli {
namespace {

const std::vector<Row> rows{{"knob", "found", "shown by"},
                            {"norm_slots.attn.in.eps", "1e-05", "numbers of size 0.001"}};

TEST(Table, IsAsWideAsItsCells) {
  EXPECT_EQ(table(rows, std::nullopt),
            "  knob                    found  shown by\n"
            "  norm_slots.attn.in.eps  1e-05  numbers of size 0.001\n");
  EXPECT_EQ(table(rows, 80), table(rows, std::nullopt));
  EXPECT_EQ(table({}, 80), "");
}

TEST(Table, CellsAreBrokenWhereTheTerminalIsNarrow) {
  EXPECT_EQ(table(rows, 40),
            "  knob            found  shown by\n"
            "  norm_slots.att  1e-05  numbers of size\n"
            "  n.in.eps               0.001\n");
}

TEST(Table, EndsWhereNoColumnCanGiveWay) {
  EXPECT_TRUE(
      table(rows, 3).starts_with("  knob    found  shown\n                 by\n  norm_s  1e-05  number\n"))
      << table(rows, 3);
}

}  // namespace
}  // namespace plumbline::cli
