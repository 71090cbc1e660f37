// Work that splits into independent pieces.
#pragma once

#include <cstdint>
#include <functional>

namespace plumbline {

// As many as the processor runs at once, at most eight: for more, work is too short.
int processor_threads();

// body(0) ... body(count - 1), each once, on up to `threads` threads, of which there is at least one.
// All round as the calling thread does, whatever that did when threads were first made. Rethrows what one of
// them throws; others may then not have run.
void in_parallel(int count, int threads, const std::function<void(int)>& body);

// body(begin, end) for parts that together are 0 ... count - 1: one after another on this thread, or on all
// where there are so many that memory is what takes the time.
void in_parts(std::int64_t count, const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace plumbline
