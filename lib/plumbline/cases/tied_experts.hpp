// Experts with equal scores at the border of those that are chosen: either choice is right, so that two
// answers are, and nobody's can be judged.
#pragma once

#include "plumbline/cases/question.hpp"

namespace plumbline {

// Throws NothingToJudge, naming the token and the two experts (or groups of experts), where such a question
// has two answers. Scores count as equal that double precision does not tell apart.
void refuse_tied_experts(const Question& question);

}  // namespace plumbline
