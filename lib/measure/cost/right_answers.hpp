// What a right implementation answers: computed in double, then rounded. The benchmark asks itself.
#pragma once

#include "plumbline/cases/question.hpp"
#include "plumbline/spec/profile.hpp"

namespace plumbline {

Outputs right_outputs(const Question& question, const Profile& profile);

// As an implementation under test, until standard input ends.
int serve_right_answers();

}  // namespace plumbline
