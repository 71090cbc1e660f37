#include <algorithm>

#include "fuzz/targets.hpp"

namespace plumbline::fuzz {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

void expect(bool holds, const char* what) {
  if (!holds) throw Broken(what);
}

void expect_one_clear_line(const std::string& message) {
  constexpr std::size_t longest = 1000;
  expect(!message.empty(), "a refusal says nothing");
  expect(message.size() <= longest, "a refusal is longer than anybody reads");
  expect(std::none_of(message.begin(), message.end(), is_control), "a refusal holds a control character");
  expect(std::all_of(message.begin(), message.end(), is_ascii), "a refusal is no ASCII");
}

}  // namespace plumbline::fuzz
