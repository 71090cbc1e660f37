// JUnit reports are valid by their schema whatever stands in them, and another reader finds in them what
// was said.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "cli/formats.hpp"
#include "plumbline/campaign/run_report.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline::cli {
namespace {

struct Ran {
  int status;
  std::string output;
};

// xmllint with these arguments on that report.
Ran xmllint(const std::string& arguments, const std::string& xml) {
  const std::string path = testing::TempDir() + "plumbline-junit-" + std::to_string(getpid()) + ".xml";
  write_bytes(path, xml);
  const std::string command = PLUMBLINE_XMLLINT " " + arguments + " '" + path + "' 2>&1";
  Ran ran{-1, ""};
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), n);
  ran.status = pclose(pipe);
  std::filesystem::remove(path);
  return ran;
}

// The reports are ours, so their expressions may stand in single quotes.
std::string found(const std::string& xpath, const std::string& xml) {
  const Ran ran = xmllint("--xpath '" + xpath + "'", xml);
  EXPECT_EQ(ran.status, 0) << ran.output;
  return ran.output.substr(0, ran.output.size() - 1);  // xmllint ends it with a newline
}

void expect_valid(const std::string& xml) {
  const Ran ran = xmllint("--noout --nonet --schema '" PLUMBLINE_JUNIT_SCHEMA "'", xml);
  EXPECT_EQ(ran.status, 0) << ran.output << xml;
}

// Everywhere where text can stand.
RunReport saying(const std::string& text) {
  return {.title = "verify " + text,
          .facts = {{"command", text}},
          .results = {{text, Outcome::wrong, text, 1.5},
                      {text + "/" + text, Outcome::invalid, text},
                      {"a/b", Outcome::skipped, text}}};
}

TEST(Junit, AReportIsValid) {
  expect_valid(to_junit({.title = "nothing"}));
  expect_valid(to_junit(saying("plain")));
}

TEST(Junit, TotalsAreThoseOfTheCases) {
  const std::string xml = to_junit({.title = "t",
                                    .results = {{"a", Outcome::agrees, "", 0.25},
                                                {"b", Outcome::wrong, "m", 1},
                                                {"c", Outcome::coarser, "m", 0},
                                                {"d", Outcome::invalid, "m", 0},
                                                {"e", Outcome::discarded, "m", 0},
                                                {"f", Outcome::skipped, "m", 0},
                                                {"laws/g", Outcome::broken, "m", 0},
                                                {"laws/h", Outcome::holds, "", 0}}});
  expect_valid(xml);
  EXPECT_EQ(found("concat(//@tests, \" \", //@failures, \" \", //@errors, \" \", //@skipped)", xml),
            "8 3 1 2");
  EXPECT_EQ(found("concat(count(//testcase), \" \", count(//failure), \" \", count(//error), \" \", "
                  "count(//skipped))",
                  xml),
            "8 3 1 2");
  EXPECT_EQ(found("string(//testsuite/@time)", xml), "1.250");
  EXPECT_EQ(found("string(//testcase[@classname=\"laws\"][2]/@name)", xml), "h");
}

TEST(Junit, MarkupIsReadAsItWasWritten) {
  const std::string text = "<a href=\"x\">&amp; 'q' ]]> <!-- \xc3\xa9 \xf0\x9f\x98\x80\n\t\r end";
  const std::string xml = to_junit(saying(text));
  expect_valid(xml);
  EXPECT_EQ(found("string(//failure/@message)", xml), text);
  EXPECT_EQ(found("string(//property/@value)", xml), text);
}

TEST(Junit, WhatXmlCannotHoldIsReplaced) {
  const std::string mark = "\xef\xbf\xbd";
  const auto written = [](const std::string& text) {
    return found("string(//failure/@message)", to_junit(saying(text)));
  };
  EXPECT_EQ(written(std::string("a\0b\x1b[0m\x7f", 8)), "a" + mark + "b" + mark + "[0m\x7f");
  EXPECT_EQ(written("a\xff"
                    "b"),
            "a" + mark + "b");                                  // no UTF-8
  EXPECT_EQ(written("\xef\xbf\xbe\xef\xbf\xbf"), mark + mark);  // U+FFFE, U+FFFF
  EXPECT_EQ(written("\xef\xbf\xbd\xed\x9f\xbf"), mark + "\xed\x9f\xbf");
}

// Each byte, alone and where it may be taken for a part of a character.
TEST(Junit, NoByteMakesItInvalid) {
  RunReport report{.title = "bytes"};
  for (int byte = 0; byte < 256; ++byte)
    for (const char* before : {"", "\xc3", "\xe2\x80", "\xed", "\xef\xbf", "\xf4\x8f\xbf"}) {
      const std::string text = before + std::string(1, static_cast<char>(byte));
      report.facts.emplace_back("x" + text, text);
      report.results.push_back({text, Outcome::wrong, text + text});
    }
  expect_valid(to_junit(report));
}

}  // namespace
}  // namespace plumbline::cli
