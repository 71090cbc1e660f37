#include "plumbline/io/frame.hpp"

#include <algorithm>

#include "plumbline/base/error.hpp"

namespace plumbline {
namespace {

bool is_text(const std::string& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n'; });
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string to_frame(std::string_view body) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(std::uint64_t(body.size()) >> 8 * i & 0xff);
  out += body;
  return out;
}

std::size_t FrameReader::take(std::string_view bytes) {
  const std::size_t head = std::min(bytes.size(), head_size - head_.size());
  head_ += bytes.substr(0, head);
  if (head > 0 && head_.size() == head_size) read_length();
  if (head_.size() < head_size) return head;
  bytes.remove_prefix(head);
  const std::size_t rest = std::min<std::uint64_t>(bytes.size(), length_ - body_.size());
  body_ += bytes.substr(0, rest);
  return head + rest;
}

void FrameReader::read_length() {
  for (std::size_t i = head_size; i-- > 0;) length_ = length_ << 8 | static_cast<unsigned char>(head_[i]);
  if (length_ > longest_)
    throw Error((is_text(head_) ? "the program printed \"" + on_one_line(head_) + "\" to stdout; " : "") +
                "expected a frame of at most " + std::to_string(longest_) +
                " bytes, found its length given as " + std::to_string(length_));
}

std::string FrameReader::progress() const {
  if (head_.size() < head_size) return std::to_string(head_.size()) + " of the 8 bytes of its length";
  return std::to_string(body_.size()) + " of " + std::to_string(length_) + " bytes";
}

}  // namespace plumbline
