// Many training runs: every combination of some settings, each run a file, so that a campaign goes on where
// it was killed, and its shards can run anywhere.
#pragma once

#include "plumbline/base/progress.hpp"
#include "plumbline/depth/training.hpp"

namespace plumbline {

// Every combination of these; all else is that of `common`.
struct TrainingGrid {
  TrainingSettings common;
  std::vector<const StackLayout*> layouts;
  std::vector<int> depths, warm_ups;
  std::vector<double> learning_rates;
  int seeds = 3;  // 1, 2, ...

  // Seed by seed, so that a campaign that is cut short has seen everything once. deep_norm has the
  // initialisation that belongs to it, unless all have that of GPT-2.
  std::vector<TrainingSettings> runs() const;
};

// Trains what is not there yet: FOLDER/ID.json for each run of the shard, the K-th of every N, on so many
// threads.
//   bad input: throws Error where a file cannot be written, or shard is not from 1 to shards
void run_campaign(const TrainingGrid& grid, const Corpus& corpus, const std::string& folder, int shard,
                  int shards, int threads, Progress& progress);

// The records of all runs of the grid, one a line, in the order of the runs: the same bytes whichever shards
// made them.
//   bad input: throws Error where one is missing, or is of other settings
std::string merged(const TrainingGrid& grid, const std::vector<std::string>& folders);

}  // namespace plumbline
