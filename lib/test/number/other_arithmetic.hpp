// A thread that rounds otherwise, or takes small numbers for 0, as some programs make theirs do.
#pragma once

#include <cfenv>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace plumbline::test {

// This thread computes so for as long as it lives. `flags` of the register MXCSR, on x86.
class OtherArithmetic {
 public:
  explicit OtherArithmetic(int mode, unsigned flags = 0) {
    std::fegetenv(&before_);
    std::fesetround(mode);
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | flags);
#else
    (void)flags;
#endif
  }
  ~OtherArithmetic() { std::fesetenv(&before_); }
  OtherArithmetic(const OtherArithmetic&) = delete;
  OtherArithmetic& operator=(const OtherArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace plumbline::test
