#include "plumbline/depth/training.hpp"

#include <fmt/format.h>

#include <cmath>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/depth/adam.hpp"
#include "plumbline/depth/repeatable.hpp"

namespace plumbline {
namespace {

constexpr int curve_points = 40, snapshots = 4;  // and one at the beginning
constexpr double log_of_256 = 5.545177444479562;

double rate_at(const TrainingSettings& s, int step) {
  return step < s.warm_up ? s.learning_rate * (step + 1) / s.warm_up : s.learning_rate;
}

// The last, and those that split the run into equal parts.
bool is_snapshot(const TrainingSettings& s, int step) {
  for (int k = 0; k <= snapshots; ++k)
    if (step == (s.steps - 1) * k / snapshots) return true;
  return false;
}

std::vector<double> updates_of_layers(const std::vector<Trained>& parameters,
                                      const std::vector<double>& changes, int n_layers) {
  std::vector<double> change(std::size_t(n_layers), 0), own(std::size_t(n_layers), 0);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    if (parameters[k].layer < 0) continue;
    const auto l = std::size_t(parameters[k].layer);
    change[l] += changes[k] * changes[k];
    own[l] += double(parameters[k].value.squaredNorm());
  }
  for (std::size_t l = 0; l < change.size(); ++l) change[l] = std::sqrt(change[l] / own[l]);
  return change;
}

double mean(const std::vector<double>& x, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += x[i];
  return sum / double(to - from);
}

Ending ending_of(const TrainingRecord& r) {
  if (!(r.final <= log_of_256)) return Ending::diverged;  // no number is diverged too
  return r.final < r.without_context ? Ending::learned : Ending::stuck;
}

// Five digits: more say nothing, and records are many.
Json brief(double x) {
  if (!std::isfinite(x)) return fmt::format("{}", x);
  return parse_strict<Json>(fmt::format("{:.5g}", x), "a number");
}
Json brief(const std::vector<double>& x) {
  Json out = Json::array();
  for (double v : x) out.push_back(brief(v));
  return out;
}

// Of the layers from the bottom to the top the first, the last, and three between.
std::vector<double> of_some_layers(const std::vector<double>& x) {
  std::vector<double> out;
  for (std::size_t k = 0; k <= 4 && !x.empty(); ++k) out.push_back(x[(x.size() - 1) * k / 4]);
  return out;
}

Json to_json(const Snapshot& s) {
  return {{"step", s.step},
          {"stream_rms", brief(of_some_layers(s.layers.stream_rms))},
          {"largest", brief(of_some_layers(s.layers.largest))},
          {"directions", brief(of_some_layers(s.layers.directions))},
          {"gradient", brief(of_some_layers(s.layers.gradient))},
          {"update", brief(of_some_layers(s.update))}};
}

// The curve in windows of equal length.
std::vector<double> curve(const std::vector<double>& losses, int steps) {
  std::vector<double> out;
  const int points = std::min(steps, curve_points);
  for (int k = 0; k < points; ++k) {
    const auto from = std::size_t(steps) * k / points, to = std::size_t(steps) * (k + 1) / points;
    if (to <= losses.size()) out.push_back(mean(losses, from, to));
  }
  return out;
}

template <class T>
T read(const Json& json, const char* key, T otherwise) {
  if (!json.contains(key)) return otherwise;
  try {
    return json.at(key).get<T>();
  } catch (const Json::exception&) {
    throw Error(fmt::format("training.{}: found {}", key, shown(json.at(key).dump())));
  }
}

template <class E>
E read_name(const Json& json, const char* key, E otherwise) {
  const std::string name = read<std::string>(json, key, std::string(name_of(otherwise)));
  if (const auto found = find_named<E>(name)) return *found;
  std::vector<std::string_view> known;
  for (const auto& [value, text] : names<E>()) known.push_back(text);
  throw Error(fmt::format("training.{}: unknown {}; {}", key, shown(name), suggestion(name, known)));
}

void check(const TrainingSettings& s) {
  const auto positive = [](const char* key, double value) {
    if (!(value > 0)) throw Error(fmt::format("training.{}: expected more than 0, found {}", key, value));
  };
  positive("n_layers", s.stack.n_layers), positive("d", s.stack.d), positive("n_heads", s.stack.n_heads);
  positive("d_ff", s.stack.d_ff), positive("tokens", s.tokens), positive("batch", s.batch);
  positive("steps", s.steps), positive("learning_rate", s.learning_rate);
  if (s.stack.norm == NormKind::dyt) throw Error("training.norm: expected layer_norm or rms_norm, found dyt");
  if (s.warm_up < 0) throw Error(fmt::format("training.warm_up: expected 0 or more, found {}", s.warm_up));
  if (s.stack.d % s.stack.n_heads)
    throw Error(
        fmt::format("training.n_heads: expected a divisor of d = {}, found {}", s.stack.d, s.stack.n_heads));
}

}  // namespace

std::string id_of(const TrainingSettings& s) {
  return fmt::format("{}-{}-{}-d{}-L{}-T{}-B{}-n{}-lr{:g}-warmup{}-seed{}", s.stack.layout->name,
                     name_of(s.stack.norm), name_of(s.stack.initialisation), s.stack.d, s.stack.n_layers,
                     s.tokens, s.batch, s.steps, s.learning_rate, s.warm_up, s.seed);
}

Json to_json(const TrainingSettings& s) {
  return {{"layout", s.stack.layout->name},
          {"norm", name_of(s.stack.norm)},
          {"initialisation", name_of(s.stack.initialisation)},
          {"activation", name_of(s.stack.activation)},
          {"n_layers", s.stack.n_layers},
          {"d", s.stack.d},
          {"n_heads", s.stack.n_heads},
          {"d_ff", s.stack.d_ff},
          {"tokens", s.tokens},
          {"batch", s.batch},
          {"steps", s.steps},
          {"warm_up", s.warm_up},
          {"learning_rate", s.learning_rate},
          {"seed", s.seed}};
}

TrainingSettings training_settings_from_json(const Json& json) {
  TrainingSettings s;
  s.stack.layout = &find_stack_layout(read<std::string>(json, "layout", "pre_norm"));
  s.stack.norm = read_name(json, "norm", s.stack.norm);
  s.stack.activation = read_name(json, "activation", s.stack.activation);
  s.stack.initialisation = read_name(json, "initialisation", s.stack.initialisation);
  s.stack.n_layers = read(json, "n_layers", s.stack.n_layers);
  s.stack.d = read(json, "d", s.stack.d);
  s.stack.n_heads = read(json, "n_heads", s.stack.n_heads);
  s.stack.d_ff = read(json, "d_ff", 4 * s.stack.d);
  s.tokens = read(json, "tokens", s.tokens);
  s.batch = read(json, "batch", s.batch);
  s.steps = read(json, "steps", s.steps);
  s.warm_up = read(json, "warm_up", s.warm_up);
  s.learning_rate = read(json, "learning_rate", s.learning_rate);
  s.seed = read(json, "seed", s.seed);
  check(s);
  return s;
}

Json to_json(const TrainingRecord& r) {
  Json out = to_json(r.settings);
  out["ending"] = name_of(r.ending);
  out["steps_run"] = r.losses.size();
  out["final"] = brief(r.final);
  out["without_context"] = brief(r.without_context);
  out["curve"] = brief(curve(r.losses, r.settings.steps));
  out["snapshots"] = Json::array();
  for (const Snapshot& s : r.snapshots) out["snapshots"].push_back(to_json(s));
  return out;
}

std::vector<std::string> judging_sequences(const Corpus& corpus, int tokens) {
  Draw draw(0x6a75646765);
  return draw_sequences(corpus, 16, tokens, draw);
}

TrainingRecord train(const TrainingSettings& s, const Corpus& corpus, const Heard& heard) {
  check(s);
  TrainingRecord out{s, {}, 0, 0, Ending::stuck, {}};
  LanguageModel model(s.stack, s.tokens, s.seed);
  Adam adam;
  Draw text(s.seed + 0x7465787400000000);  // another stream than that of the parameters
  for (int step = 0; step < s.steps; ++step) {
    LayerTrace layers;
    const bool notes = is_snapshot(s, step);
    const Loss loss = model.loss(draw_sequences(corpus, s.batch, s.tokens, text), notes ? &layers : nullptr);
    if (!std::isfinite(loss.value)) break;
    out.losses.push_back(loss.value);
    if (heard) heard(step, loss.value);
    const std::vector<double> changes = adam.step(model.parameters(), loss.gradients, rate_at(s, step));
    if (notes)
      out.snapshots.push_back(
          {step, layers, updates_of_layers(model.parameters(), changes, s.stack.n_layers)});
  }
  const bool ran = int(out.losses.size()) == s.steps;
  const std::vector<std::string> judging = judging_sequences(corpus, s.tokens);
  out.final = ran ? model.loss(judging).value : std::nan("");
  out.without_context = corpus.loss_without_context(judging);
  out.ending = ending_of(out);
  return out;
}

}  // namespace plumbline
