// Work that splits into independent pieces.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace plumbline {

// As many threads as the processor runs at once. Work is too short for more than eight.
inline int processor_threads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 8);
}

// body(0) ... body(count - 1), each once, on up to `threads` threads. Rethrows what one of them throws.
template <class Body>
void in_parallel(int count, int threads, Body body) {
  std::atomic<int> next = 0;
  std::exception_ptr failure;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    try {
      for (int i = next++; i < count && !failed; i = next++) body(i);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  std::vector<std::jthread> helpers;
  for (int i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(work);
  work();
  helpers.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace plumbline
