// A transformer block in plain loops, forward and backward by hand: what somebody else would have written.
// Covers the right values of every knob of a stack; nothing of the library's own block is used.
#pragma once

#include "peer/variant.hpp"
#include "plumbline/cases/question.hpp"

namespace plumbline::peer {

// Computes in float (native, bfloat16, float16) or, where the question's profile is float64, in double.
Outputs answer(const Question& question, const Variant& variant, bool in_double = false);

}  // namespace plumbline::peer
