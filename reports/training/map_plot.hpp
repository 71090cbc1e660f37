// The map of training as SVG: for each layout a field of depth by learning rate.
#pragma once

#include <string>

#include "reports/training/records.hpp"

namespace plumbline::reports {

// A cell for each depth and rate: its colour is the median loss over the seeds, and its text too; runs that
// learn nothing from the context are grey, and those that diverge are red.
std::string map_svg(const TrainingRecords& records);

}  // namespace plumbline::reports
