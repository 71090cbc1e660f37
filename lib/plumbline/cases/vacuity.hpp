// Answers that say nothing. A question that one of them could pass is not worth asking.
#pragma once

#include <string_view>
#include <vector>

#include "plumbline/cases/question.hpp"

namespace plumbline {

// Outputs under the names of a real answer, and what they are called in messages.
struct EmptyAnswer {
  std::string_view name;
  Outputs outputs;
};

// From the exact outputs: zero, negated, rows in reverse, channels shuffled, row means, and the input itself
// for y. (NaN, the seventh, is invalid before anything is measured.)
std::vector<EmptyAnswer> empty_answers(const Question& question, const Outputs& exact);

}  // namespace plumbline
