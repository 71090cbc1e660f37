// How far long work is: on a terminal a line that is written over, and elsewhere a line every half minute, so
// that nobody takes it for hung.
#pragma once

#include <chrono>
#include <string>

namespace plumbline {

// Says on stderr how far the work is. One at a time: two would write over each other's line.
class Progress {
 public:
  // Time counts from here: the first line off a terminal comes half a minute later.
  Progress();
  ~Progress();  // wipes the line
  // `text` is one line without its end. Off a terminal it is dropped where the last one is less than half a
  // minute old, so call this as often as there is something to say.
  void show(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds between{30};

  bool on_terminal_;
  std::size_t width_ = 0;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
};

}  // namespace plumbline
