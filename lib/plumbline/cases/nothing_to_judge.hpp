// A question that can judge nobody's answer: correct code overflows on it, or its outputs are all 0. Whoever
// asks it asks another; every other Error is about the input, and is passed on.
#pragma once

#include "plumbline/base/error.hpp"

namespace plumbline {

// what() says which output, in one line.
struct NothingToJudge : Error {
  using Error::Error;
};

}  // namespace plumbline
