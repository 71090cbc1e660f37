#include "plumbline/base/progress.hpp"

#include <unistd.h>

#include <cstdio>

namespace plumbline {

Progress::Progress() : on_terminal_(isatty(STDERR_FILENO)) {}

Progress::~Progress() {
  if (width_ > 0) show("");
  if (on_terminal_) std::fputs("\r", stderr);
}

void Progress::show(const std::string& text) {
  if (!on_terminal_) {
    const auto now = Clock::now();
    if (now - shown_ < between) return;
    shown_ = now;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - start_).count();
    std::fprintf(stderr, "plumbline: after %lld s: %s\n", static_cast<long long>(seconds), text.c_str());
    return;
  }
  std::fprintf(stderr, "\r%-*s", static_cast<int>(width_), text.c_str());
  std::fflush(stderr);
  width_ = text.size();
}

}  // namespace plumbline
