// Of a question, not of anybody's answer: correct code overflows on it, or its outputs are all 0. Whoever
// asks it asks another; every other Error is about the input, and passes.
#pragma once

#include "plumbline/error.hpp"

namespace plumbline {

struct NothingToJudge : Error {
  using Error::Error;
};

}  // namespace plumbline
