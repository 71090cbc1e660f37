// Finished text, compared as a whole.
#include <gtest/gtest.h>

#include "reports/render/markdown.hpp"
#include "reports/render/number.hpp"
#include "reports/render/plot.hpp"

namespace plumbline::reports {
namespace {

TEST(Markdown, ATableEscapesBarsAndAlignsColumns) {
  EXPECT_EQ(table({"a|b", "n"}, "lr", {{"x", "1"}, {"|y|", "20"}}),
            "| a\\|b | n |\n|:--|--:|\n| x | 1 |\n| \\|y\\| | 20 |\n\n");
}

TEST(Markdown, ParagraphsAndItemsAreFolded) {
  EXPECT_EQ(wrapped("one two\nthree four\n\n- five six seven\n", 12),
            "one two\nthree four\n\n- five six\n  seven\n");
}

TEST(Markdown, TablesAndFencesAreNotFolded) {
  const std::string page = "# one two three\n\n| one | two |\n\n```\none two three\n```\n";
  EXPECT_EQ(wrapped(page, 5), page);
}

TEST(Markdown, NoFoldedLineBeginsABlock) { EXPECT_EQ(wrapped("one two 3. four", 8), "one two 3.\nfour\n"); }

TEST(Markdown, ATableIsRectangular) { EXPECT_THROW(table({"a", "b"}, "lr", {{"x"}}), std::logic_error); }

TEST(Number, HasThatManySignificantDigits) {
  EXPECT_EQ(significant(Mp50("1.23456")), "1.23");
  EXPECT_EQ(significant(Mp50("0.00123456"), 2), "0.0012");
  EXPECT_EQ(significant(Mp50("650661.4")), "650661");
  EXPECT_EQ(significant(Mp50("-9.996")), "-10.0");
  EXPECT_EQ(significant(Mp50("1.5e-17"), 2), "1.5e-17");
  EXPECT_EQ(significant(Mp50(0)), "0");
}

TEST(Number, AnEnclosureGivesOnlyDigitsThatAreProved) {
  EXPECT_EQ(significant(hull(Interval60("0.333"), Interval60("0.3332")), 6), "0.333");
  EXPECT_EQ(significant(hull(Interval60(1), Interval60(2)), 6), "no digit proved");
  EXPECT_EQ(significant(hull(Interval60("-1e-9"), Interval60("1e-10"))), "|.| < 1.1e-9");
  EXPECT_EQ(significant(Interval60(0)), "0");
}

TEST(Number, ThousandsStandApart) {
  EXPECT_EQ(counted(1234567), "1,234,567");
  EXPECT_EQ(counted(12), "12");
}

TEST(Plot, IsAnSvgWithItsTitlesAsTheyAre) {
  const std::string text = svg({"pre_norm", "x", "y", 1, {{"a curve", 0, 1, {{0, 1}, {1, 10}}}}});
  EXPECT_NE(text.find("<svg"), std::string::npos);
  EXPECT_NE(text.find("pre_norm"), std::string::npos);
}

}  // namespace
}  // namespace plumbline::reports
