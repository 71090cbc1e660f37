// Questions to try the oracle on: every preset, at random sizes, with ordinary or rich inputs.
#pragma once

#include <string_view>

#include "plumbline/oracle/question.hpp"

namespace plumbline {

// ordinary: N(0,1) inputs, unit gains, zero biases, sizes that are powers of two; hides many mistakes.
// rich: random gains and biases, rows with an offset or a tiny variance, odd sizes, grouped heads.
enum class Recipe { ordinary, rich };

// A block of about this width; everything else follows from the seed. Numbers are those of the storage type.
Question question_from(std::string_view preset, Recipe recipe, const Profile& profile, bool gradients,
                       std::uint64_t seed, int width = 32);

}  // namespace plumbline
