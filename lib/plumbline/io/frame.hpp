// Frames on a pipe: eight bytes N (little endian), then N bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plumbline {

// No block that is tested over a pipe is this large; a longer frame is rubbish that was taken for a length.
inline constexpr std::uint64_t longest_frame = std::uint64_t(1) << 30;

// The bytes of a frame with that content.
std::string to_frame(std::string_view body);

// Puts one frame together from bytes as they arrive. Never holds more than has arrived.
class FrameReader {
 public:
  // A reader of one frame, of at most `longest` bytes behind its length.
  explicit FrameReader(std::uint64_t longest = longest_frame) : longest_(longest) {}

  // Takes what belongs to the frame and returns how many bytes that was. Throws Error where the length that
  // is announced is beyond the longest, with its bytes where they are text that somebody printed.
  std::size_t take(std::string_view bytes);

  // Whether the frame is all there; whether any of it is.
  bool complete() const { return head_.size() == head_size && body_.size() == length_; }
  bool begun() const { return !head_.empty(); }
  // "3 of the 8 bytes of its length", "100 of 2048 bytes".
  std::string progress() const;
  // What has arrived of the content.
  std::string& body() { return body_; }

 private:
  static constexpr std::size_t head_size = 8;
  void read_length();

  std::uint64_t longest_, length_ = 0;
  std::string head_, body_;
};

}  // namespace plumbline
