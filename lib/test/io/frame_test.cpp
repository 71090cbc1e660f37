#include "plumbline/io/frame.hpp"

#include <gtest/gtest.h>

#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

TEST(Frame, IsPutTogetherFromAnyPieces) {
  const std::string frame = to_frame("plumb") + "next";
  EXPECT_EQ(frame.substr(0, 8), std::string("\5\0\0\0\0\0\0\0", 8));
  for (std::size_t piece = 1; piece <= frame.size(); ++piece) {
    FrameReader r;
    std::size_t used = 0;
    for (std::size_t at = 0; at < frame.size(); at += piece) used += r.take(frame.substr(at, piece));
    EXPECT_TRUE(r.complete());
    EXPECT_EQ(r.body(), "plumb");
    EXPECT_EQ(used, 13u);
  }
}

TEST(Frame, SaysHowFarItIs) {
  const std::string frame = to_frame("plumb");
  FrameReader r;
  EXPECT_FALSE(r.begun());
  r.take(frame.substr(0, 3));
  EXPECT_TRUE(r.begun());
  EXPECT_EQ(r.progress(), "3 of the 8 bytes of its length");
  r.take(frame.substr(3, 7));
  EXPECT_EQ(r.progress(), "2 of 5 bytes");
  EXPECT_FALSE(r.complete());
}

TEST(Frame, AnEmptyOneIsComplete) {
  FrameReader r;
  EXPECT_EQ(r.take(to_frame("")), 8u);
  EXPECT_TRUE(r.complete());
}

std::string refusal(const std::string& bytes, std::uint64_t longest) {
  try {
    FrameReader(longest).take(bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Frame, ALengthBeyondTheLongestIsRefusedBeforeAnythingIsKept) {
  EXPECT_EQ(refusal(std::string("\x00\xe4\x0b\x54\x02\x00\x00\x00", 8), longest_frame),
            "expected a frame of at most 1073741824 bytes, found its length given as 10000000000");
  EXPECT_EQ(refusal(to_frame("12345"), 4),
            "expected a frame of at most 4 bytes, found its length given as 5");
  EXPECT_EQ(refusal(to_frame("1234"), 4), "");
}

TEST(Frame, TextThatWasPrintedIsShown) {
  EXPECT_NE(refusal("Loading\nmodel", longest_frame).find("the program printed \"Loading \" to stdout; "),
            std::string::npos);
}

}  // namespace
}  // namespace plumbline
