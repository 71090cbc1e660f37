// The page of training: which layouts train, at which depth and learning rate.
#pragma once

#include "reports/page.hpp"
#include "reports/training/records.hpp"

namespace plumbline::reports {

// The records that are kept beside this file: the map, and runs with warm-up.
struct TrainingFiles {
  TrainingRecords map, warm_up;
};
TrainingFiles read_training_files();

// training.md and training-map.svg.
Pages training_pages(const TrainingFiles& files);

// "29 of 60 (36 … 61 %)": with the interval of 95 per cent.
std::string share_text(int of, int n);

// What stands beside every number of training: "d = 32, 64 bytes, ..., seeds 1 to 3".
std::string setting_text(const TrainingRecords& records);

}  // namespace plumbline::reports
