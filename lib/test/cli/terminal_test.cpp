// What a terminal shows is what a pipe gets, but for colour and line breaks.
#include "cli/terminal.hpp"

#include <gtest/gtest.h>

namespace plumbline::cli {
namespace {

constexpr const char* report =
    "plumbline verify llama\n  seed: 1 and so on\n\nwrong: computes something that is long to tell\n"
    "  plumbline verify --replay plumbline-failures/a-long-name.safetensors\n\n1 of 2 failed.\n";

TEST(Terminal, LinesAreBrokenAtBlanksButForCommands) {
  EXPECT_EQ(suited(report, {24, false}, false),
            "plumbline verify llama\n  seed: 1 and so on\n\nwrong: computes\n  something that is long\n"
            "  to tell\n  plumbline verify --replay plumbline-failures/a-long-name.safetensors\n\n"
            "1 of 2 failed.\n");
  EXPECT_EQ(suited(report, {200, false}, false), report);
}

TEST(Terminal, FailuresAndTheLastLineStandOut) {
  const std::string red = suited(report, {200, true}, false);
  EXPECT_NE(red.find("\x1b[1m\x1b[31mwrong: computes something that is long to tell\x1b[0m\n"), red.npos)
      << red;
  EXPECT_NE(red.find("\x1b[1m\x1b[31m1 of 2 failed.\x1b[0m\n"), red.npos) << red;
  EXPECT_NE(suited("No failure.\n", {200, true}, true).find("\x1b[32mNo failure."), std::string::npos);
}

}  // namespace
}  // namespace plumbline::cli
