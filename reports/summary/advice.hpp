// The beginning of the first page: which layout to choose, when, and at what price.
#pragma once

#include <string>

#include "reports/findings/records.hpp"
#include "reports/training/training_page.hpp"

namespace plumbline::reports {

// "## Which to choose": the answer, when it holds, and what it costs.
std::string advice(const TrainingFiles& training, const FindingRecords& findings);

// "## Which layouts train": the map, and every layout with its price.
std::string layouts_that_train(const TrainingRecords& map);

// The pictures of both layouts, side by side.
std::string two_pictures();

}  // namespace plumbline::reports
