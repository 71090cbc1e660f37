// The beginning of the first page: which layout to choose, and at what price, out of the training runs.
#pragma once

#include <string>

#include "reports/training/training_page.hpp"

namespace plumbline::reports {

// "## Which to choose", with what training says of each layout and its price.
std::string advice(const TrainingFiles& training);

// The pictures of both layouts, side by side.
std::string two_pictures();

}  // namespace plumbline::reports
