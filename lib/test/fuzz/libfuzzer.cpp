// The way in of libFuzzer; PLUMBLINE_FUZZ_TARGET is one function of targets.hpp. What it throws ends
// the program.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  plumbline::fuzz::PLUMBLINE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
