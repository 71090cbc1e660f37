#include "plumbline/base/parallel.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "plumbline/base/caches.hpp"

namespace plumbline {

int processor_threads() { return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 8); }

void in_parallel(int count, int threads, const std::function<void(int)>& body) {
  std::atomic<int> next = 0;
  const auto work = [&](int) {
    for (int i = next++; i < count; i = next++) body(i);
  };
  tbb::task_group_context as_here;
  as_here.capture_fp_settings();
  tbb::parallel_for(0, std::min(threads, count), work, tbb::simple_partitioner(), as_here);
}

void in_parts(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
  constexpr std::int64_t at_once = beyond_caches / 16;
  if (count < beyond_caches) return body(0, count);
  const int parts = int((count + at_once - 1) / at_once);
  in_parallel(parts, processor_threads(),
              [&](int part) { body(part * at_once, std::min(count, (part + 1) * at_once)); });
}

}  // namespace plumbline
