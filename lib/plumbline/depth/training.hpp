// One training run, from its settings to its record.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "plumbline/depth/corpus.hpp"
#include "plumbline/depth/language_model.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// What a run follows from; equal settings give equal records, to the last bit, on every x86-64 machine.
struct TrainingSettings {
  StackSettings stack;
  int tokens = 32, batch = 4, steps = 200,
      warm_up = 0;  // warm_up: steps in which the learning rate rises to its own
  double learning_rate = 1e-3;
  std::uint64_t seed = 1;  // of the parameters, and of the text that is read
};

// "post_norm-layer_norm-d32-L24-lr0.001-warmup0-xavier-seed1": what tells runs of a campaign apart.
std::string id_of(const TrainingSettings& settings);
Json to_json(const TrainingSettings& settings);
// Throws Error, naming the key, where one is missing or impossible.
TrainingSettings training_settings_from_json(const Json& json);

// How a run ended, by the loss on the sequences that all runs of that length are judged on. `learned`: it is
// below that of the frequencies of bytes, so that the model uses what came before; `diverged`: a loss is no
// number, or it is above log 256, that of a model that knows nothing.
enum class Ending { learned, stuck, diverged };
PLUMBLINE_NAMES(Ending, {learned, "learned"}, {stuck, "stuck"}, {diverged, "diverged"})

// What layers look like at a step, and how much the step changes them.
struct Snapshot {
  int step;
  LayerTrace layers;
  std::vector<double> update;  // of each layer's parameters: length of the change over their own
};

// What came of a run.
struct TrainingRecord {
  TrainingSettings settings;
  std::vector<double> losses;  // before each step; it ends where one is no number
  double final = 0;            // after the last step, on judging_sequences
  double without_context = 0;  // the same of the frequencies of bytes
  Ending ending = Ending::stuck;
  std::vector<Snapshot> snapshots;  // at the first step, a quarter, a half, three quarters and the last
};

// Sixteen, the same for every run of that length.
std::vector<std::string> judging_sequences(const Corpus& corpus, int tokens);

// Without the machine, so that records of shards are those of one run.
Json to_json(const TrainingRecord& record);

// Trains by Adam (arXiv 1412.6980: 0.9, 0.999, 1e-8; no decay, no clipping). `heard` hears of each step and
// its loss.
using Heard = std::function<void(int step, double loss)>;
TrainingRecord train(const TrainingSettings& settings, const Corpus& corpus, const Heard& heard = {});

}  // namespace plumbline
