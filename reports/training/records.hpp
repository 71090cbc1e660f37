// Runs of `plumbline train` that the page of training speaks of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumbline/depth/training.hpp"

namespace plumbline::reports {

// What the page needs of a run.
struct TrainingRun {
  TrainingSettings settings;
  Ending ending;
  double final, without_context;  // losses; final is no number where the run had none
  std::vector<Json> snapshots;
};

// Of one file, one run a line.
struct TrainingRecords {
  std::vector<TrainingRun> runs;

  // In the order in which the file has them.
  std::vector<std::string> layouts() const;
  std::vector<int> depths() const;
  std::vector<double> rates() const;
  std::vector<std::uint64_t> seeds() const;
  // One for each seed.
  std::vector<const TrainingRun*> of(const std::string& layout, int depth, double rate,
                                     int warm_up = 0) const;
};

// Throws Error, naming file and line, where a record is none.
TrainingRecords read_training(const std::string& path);

// The largest learning rate at which every seed learned, 0 where there is none.
double largest_rate(const TrainingRecords& records, const std::string& layout, int depth, int warm_up = 0);
// The rate with the lowest mean loss over seeds, among those at which every seed learned; or 0.
double best_rate(const TrainingRecords& records, const std::string& layout, int depth, int warm_up = 0);

// How many runs learned, of how many: of a layout, at all rates and with all seeds.
struct Learned {
  int learned = 0, all = 0;
};
Learned learned_runs(const TrainingRecords& records, const std::string& layout, int least_depth,
                     int most_depth);

// A share of n with its interval of 95 per cent, Wilson 1927.
struct Share {
  double value, least, most;
};
Share share(int of, int n);

}  // namespace plumbline::reports
