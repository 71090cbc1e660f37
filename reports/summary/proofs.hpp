// How each kind of statement on the pages comes about.
#pragma once

#include <string>

#include "reports/chains/depth_record.hpp"
#include "reports/training/training_page.hpp"

namespace plumbline::reports {

// "## How each statement is proved": which are proved, and which are sampled.
std::string proofs(const DepthRecord& depth, const TrainingFiles& training);

}  // namespace plumbline::reports
