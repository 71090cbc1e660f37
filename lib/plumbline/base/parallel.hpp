// Work that splits into independent pieces.
#pragma once

#include <functional>

namespace plumbline {

// As many as the processor runs at once, at most eight: for more, work is too short.
int processor_threads();

// body(0) ... body(count - 1), each once, on up to `threads` threads, of which there is at least one.
// All round as the calling thread does, whatever that did when threads were first made. Rethrows what one of
// them throws; others may then not have run.
void in_parallel(int count, int threads, const std::function<void(int)>& body);

}  // namespace plumbline
