#include "reports/progress.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "plumbline/number/mpfr_caches.hpp"

namespace plumbline::reports {
namespace {

void show(const std::string& label, std::size_t done, std::size_t all) {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K%s: %zu of %zu", label.c_str(), done, all);
}

void clear_line() {
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
}

}  // namespace

void run_all(const std::string& label, const std::vector<std::function<void()>>& jobs) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t done = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    const MpfrCaches caches;
    for (std::size_t i; (i = next++) < jobs.size();) {
      std::exception_ptr thrown;
      try {
        jobs[i]();
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      if (thrown && !failure) failure = thrown;
      show(label, ++done, jobs.size());
    }
  };
  show(label, 0, jobs.size());
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
      workers.emplace_back(work);
  }
  clear_line();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace plumbline::reports
