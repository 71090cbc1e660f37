// How far from 0 a quantity may be that is 0 in exact arithmetic.
#pragma once

#include <optional>
#include <string>

#include "plumbline/cases/question.hpp"

namespace plumbline {

// The errors that correct implementations make in one output; independent for different `set`. Throws
// NothingToJudge where one of them overflows, in whatever output.
std::vector<Matrix<double>> errors_of_members(const Question& question, const Profile& profile,
                                              const std::string& output, int set);

// `members`: the same quantity of correct implementations. The bound of an entry is that of one functional:
// guard times tail_inflation times Student's t at 1e-6 for all entries together. Says which entry is beyond
// it, by how much, or nothing.
std::optional<std::string> beyond_noise(const Matrix<double>& quantity,
                                        const std::vector<Matrix<double>>& members, double guard);

}  // namespace plumbline
