#include "reports/training/records.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "plumbline/io/file.hpp"

namespace plumbline::reports {
namespace {

template <class T, class Get>
std::vector<T> distinct(const std::vector<TrainingRun>& runs, Get get) {
  std::vector<T> out;
  for (const TrainingRun& r : runs)
    if (const T value = get(r.settings); std::find(out.begin(), out.end(), value) == out.end())
      out.push_back(value);
  return out;
}

double number_or_none(const Json& j) { return j.is_number() ? j.get<double>() : std::nan(""); }

bool all_learned(const std::vector<const TrainingRun*>& runs) {
  return !runs.empty() &&
         std::all_of(runs.begin(), runs.end(), [](const auto* r) { return r->ending == Ending::learned; });
}

}  // namespace

std::vector<std::string> TrainingRecords::layouts() const {
  return distinct<std::string>(runs, [](const auto& s) { return std::string(s.stack.layout->name); });
}
std::vector<int> TrainingRecords::depths() const {
  return distinct<int>(runs, [](const auto& s) { return s.stack.n_layers; });
}
std::vector<double> TrainingRecords::rates() const {
  return distinct<double>(runs, [](const auto& s) { return s.learning_rate; });
}
std::vector<std::uint64_t> TrainingRecords::seeds() const {
  return distinct<std::uint64_t>(runs, [](const auto& s) { return s.seed; });
}

std::vector<const TrainingRun*> TrainingRecords::of(const std::string& layout, int depth, double rate,
                                                    int warm_up) const {
  std::vector<const TrainingRun*> out;
  for (const TrainingRun& r : runs) {
    const TrainingSettings& s = r.settings;
    if (s.stack.layout->name == layout && s.stack.n_layers == depth && s.learning_rate == rate &&
        s.warm_up == warm_up)
      out.push_back(&r);
  }
  return out;
}

TrainingRecords read_training(const std::string& path) {
  TrainingRecords out;
  std::istringstream lines(read_bytes(path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string place = path + ":" + std::to_string(++number);
    const Json j = parse_json(line, place);
    const auto ending = find_named<Ending>(j.at("ending").get<std::string>());
    if (!ending) throw Error(place + ": unknown ending");
    out.runs.push_back({training_settings_from_json(j), *ending, number_or_none(j.at("final")),
                        j.at("without_context").get<double>(), j.at("snapshots").get<std::vector<Json>>()});
  }
  return out;
}

double largest_rate(const TrainingRecords& records, const std::string& layout, int depth, int warm_up) {
  double largest = 0;
  for (double rate : records.rates())
    if (all_learned(records.of(layout, depth, rate, warm_up))) largest = std::max(largest, rate);
  return largest;
}

double best_rate(const TrainingRecords& records, const std::string& layout, int depth, int warm_up) {
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (double rate : records.rates()) {
    const auto runs = records.of(layout, depth, rate, warm_up);
    if (!all_learned(runs)) continue;
    double sum = 0;
    for (const TrainingRun* r : runs) sum += r->final / double(runs.size());
    if (sum < least) least = sum, best = rate;
  }
  return best;
}

Learned learned_runs(const TrainingRecords& records, const std::string& layout, int least_depth,
                     int most_depth) {
  Learned out;
  for (const TrainingRun& run : records.runs) {
    const int depth = run.settings.stack.n_layers;
    if (run.settings.stack.layout->name != layout || depth < least_depth || depth > most_depth) continue;
    ++out.all;
    out.learned += run.ending == Ending::learned;
  }
  return out;
}

Share share(int of, int n) {
  constexpr double z = 1.959963984540054;
  const double p = double(of) / n, square = z * z / n;
  const double middle = (p + square / 2) / (1 + square);
  const double half = z / (1 + square) * std::sqrt(p * (1 - p) / n + square / (4 * n));
  return {p, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace plumbline::reports
