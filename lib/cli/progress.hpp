// How far long work is: on a terminal a line that is written over, and elsewhere a line every half minute, so
// that nobody takes it for hung.
#pragma once

#include <chrono>
#include <string>

namespace plumbline::cli {

class Progress {
 public:
  Progress();
  ~Progress();  // wipes the line
  void show(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds between{30};

  bool on_terminal_;
  std::size_t width_ = 0;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
};

}  // namespace plumbline::cli
