// A failing question made as small and as simple as it can be while it still fails in the same way: first
// sizes and recipe, as RapidCheck shrinks them, then the numbers.
#pragma once

#include <functional>

#include "plumbline/campaign/draw.hpp"
#include "plumbline/campaign/examine.hpp"

namespace plumbline {

// Asks and judges a question. Of the same failure the examination has the same `kind`.
using Examine = std::function<Examination(const Question&)>;

// The smallest question that was found to fail in the same way, and what it showed.
struct Smallest {
  Question question;
  Examination examination;
  int tries = 0;
  bool was_cut = false;  // there was no time for more
};

// `failed`: what the question that was drawn showed. `enough`: whether to stop after so many tries.
Smallest shrink(const rc::Shrinkable<QuestionSettings>& drawn, const Profile& profile,
                const Examination& failed, const Examine& examine, const std::function<bool(int)>& enough);

}  // namespace plumbline
