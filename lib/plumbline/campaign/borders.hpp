// Sizes at which kernels go wrong: where a tile, a warp or a buffer is just full or just not, where one size
// is taken for another, where the window bites.
#pragma once

#include "plumbline/campaign/spec_template.hpp"
#include "plumbline/cases/recipes.hpp"

namespace plumbline {

// What a question at borders should have. One or two of its sizes are large, so that it can be afforded.
struct Border {
  Wishes wishes = {};
  bool beyond_window = false;  // more tokens than the window holds, if there is one
};

// Those that the template, whose sizes are open as said, leaves open, in the order in which they are
// asked for.
std::vector<Border> borders(const OpenSizes& open, Part part, bool has_window);

// How many tokens are more than the window holds: by one, and by some windows.
std::vector<int> beyond_window(int window);

// About how many multiplications one evaluation takes, exponentials being some of them.
double work_of(const QuestionSettings& settings);
// How many a question at a border may take. Where the window does not bite, nothing of it is tested, so that
// may be dear.
double most_work(Part part, const Border& border);

}  // namespace plumbline
