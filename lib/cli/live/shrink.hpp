// A failing question made as small and as simple as it can be while it still fails in the same way: first
// sizes and recipe, as RapidCheck shrinks them, then the numbers.
#pragma once

#include <functional>

#include "cli/live/draw.hpp"
#include "cli/live/examine.hpp"

namespace plumbline::cli {

using Examine = std::function<Examination(const Question&)>;

struct Smallest {
  Question question;
  Examination examination;
  int tries = 0;
  bool was_cut = false;  // there was no time for more
};

// `failed`: what the question that was drawn showed. `enough`: whether to stop after so many tries.
Smallest shrink(const rc::Shrinkable<QuestionSettings>& drawn, const Profile& profile,
                const Examination& failed, const Examine& examine, const std::function<bool(int)>& enough);

}  // namespace plumbline::cli
