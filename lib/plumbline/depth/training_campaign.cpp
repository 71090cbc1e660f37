#include "plumbline/depth/training_campaign.hpp"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "plumbline/base/parallel.hpp"
#include "plumbline/io/file.hpp"
#include "plumbline/io/process.hpp"

namespace plumbline {
namespace {

std::string file_of(const std::string& folder, const TrainingSettings& s) {
  return folder + "/" + id_of(s) + ".json";
}

}  // namespace

std::vector<TrainingSettings> TrainingGrid::runs() const {
  std::vector<TrainingSettings> out;
  for (int seed = 1; seed <= seeds; ++seed)
    for (double rate : learning_rates)
      for (int warm_up : warm_ups)
        for (int depth : depths)
          for (const StackLayout* layout : layouts) {
            TrainingSettings s = common;
            s.stack.layout = layout;
            s.stack.n_layers = depth;
            s.learning_rate = rate;
            s.warm_up = warm_up;
            s.seed = std::uint64_t(seed);
            if (layout->name == "deep_norm" && s.stack.initialisation == Initialisation::xavier)
              s.stack.initialisation = Initialisation::deepnorm;
            out.push_back(s);
          }
  return out;
}

void run_campaign(const TrainingGrid& grid, const Corpus& corpus, const std::string& folder, int shard,
                  int shards, int threads, Progress& progress) {
  if (shard < 1 || shard > shards)
    throw Error(fmt::format("--shard: expected K/N with 1 <= K <= N, found {}/{}", shard, shards));
  std::filesystem::create_directories(folder);
  std::vector<TrainingSettings> left;
  const std::vector<TrainingSettings> all = grid.runs();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (int(i % std::size_t(shards)) == shard - 1 && !std::filesystem::exists(file_of(folder, all[i])))
      left.push_back(all[i]);
  std::atomic<int> done = 0;
  std::mutex one_at_a_time;
  in_parallel(int(left.size()), threads, [&](int i) {
    const TrainingSettings& s = left[std::size_t(i)];
    {
      const std::lock_guard lock(one_at_a_time);
      progress.show(fmt::format("{} of {} runs, {}", done.load(), left.size(), id_of(s)));
    }
    const auto stop_where_asked = [](int, double) { Process::check_interrupt(); };
    write_bytes(file_of(folder, s), to_json(train(s, corpus, stop_where_asked)).dump() + "\n");
    ++done;
  });
}

std::string merged(const TrainingGrid& grid, const std::vector<std::string>& folders) {
  std::string out;
  for (const TrainingSettings& s : grid.runs()) {
    const auto has_it = [&](const std::string& folder) {
      return std::filesystem::exists(file_of(folder, s));
    };
    const auto folder = std::find_if(folders.begin(), folders.end(), has_it);
    if (folder == folders.end())
      throw Error(id_of(s) + ": expected its record in one of the folders, found none");
    const std::string line = read_bytes(file_of(*folder, s));
    if (to_json(training_settings_from_json(parse_json(line, file_of(*folder, s)))) != to_json(s))
      throw Error(file_of(*folder, s) + ": expected the record of " + id_of(s) +
                  ", found that of other settings");
    out += line;
  }
  return out;
}

}  // namespace plumbline
