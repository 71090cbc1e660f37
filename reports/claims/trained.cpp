// Claims about training, from the runs of `plumbline train`: small models, short runs, no care taken.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/claims/claims.hpp"

namespace plumbline::reports {
namespace {

constexpr const char* page = "training.md";

// Of all runs of that layout, or of one depth, the share that learned.
double learned(const TrainingRecords& r, const std::string& layout, int depth = 0, int warm_up = -1) {
  int n = 0, of = 0;
  for (const TrainingRun& run : r.runs) {
    const TrainingSettings& s = run.settings;
    if (s.stack.layout->name != layout || (depth && s.stack.n_layers != depth) ||
        (warm_up >= 0 && s.warm_up != warm_up))
      continue;
    ++n, of += run.ending == Ending::learned;
  }
  return n ? double(of) / n : std::nan("");
}

int deepest_of(const TrainingRecords& r) {
  const std::vector<int> depths = r.depths();
  return *std::max_element(depths.begin(), depths.end());
}

// The lowest mean loss over seeds, of all rates.
double best_loss(const TrainingRecords& r, const std::string& layout, int depth) {
  double best = INFINITY;
  for (double rate : r.rates()) {
    const auto runs = r.of(layout, depth, rate);
    double sum = 0;
    for (const TrainingRun* run : runs) sum += run->final / double(runs.size());
    if (!runs.empty() && sum < best) best = sum;
  }
  return best;
}

std::string tried(const TrainingRecords& r) { return "runs of `plumbline train`: " + setting_text(r); }

Claim deep_training(const TrainingRecords& r) {
  return {
      .id = "deep-training",
      .says = "deep training: usually easier in pre-norm, often harder in post-norm",
      .source = "founding text",
      .if_so = Verdict::holds_with_a_condition,
      .otherwise = Verdict::refuted,
      .line =
          "In short runs without warm-up: more rates and depths learn at all. What patience and warm-up "
          "change stands "
          "on the page.",
      .tried = tried(r),
      .comparisons = {{"share of all runs that learned, pre-norm", learned(r, "pre_norm"), Relation::at_least,
                       0.25},
                      {"post-norm", learned(r, "post_norm"), Relation::at_most, learned(r, "pre_norm") / 2}},
      .page = page};
}

Claim ask_for_post_norm(const TrainingRecords& r) {
  const int deep = deepest_of(r);
  return {
      .id = "move-the-norm",
      .says = "if a 96-layer decoder does not train, moving the norm before each sublayer would stabilize it",
      .source = "founding text",
      .if_so = Verdict::not_implied,
      .otherwise = Verdict::holds,
      .line =
          "Not by itself, in short runs at this depth: pre-norm as it is seldom learns either; pre-norm "
          "whose gains are "
          "scaled by 1/√l does.",
      .tried = tried(r),
      .comparisons = {{fmt::format("share of runs that learned, {} layers, pre-norm", deep),
                       learned(r, "pre_norm", deep), Relation::at_most, 0.25},
                      {"layer_norm_scaling", learned(r, "layer_norm_scaling", deep), Relation::at_least,
                       0.25}},
      .page = page};
}

Claim scaling_trains(const TrainingRecords& r) {
  Claim c{.id = "scaling-trains",
          .says = "LayerNorm scaling (1/√l) trains better than pre-LN, the deeper the more",
          .source = "arXiv 2502.05795",
          .if_so = Verdict::holds,
          .otherwise = Verdict::holds_with_a_condition,
          .line = "At the best rate of each depth.",
          .tried = tried(r),
          .comparisons = {},
          .page = page};
  double last = 0;
  for (int depth : r.depths()) {
    const double gain = best_loss(r, "pre_norm", depth) - best_loss(r, "layer_norm_scaling", depth);
    c.comparisons.push_back(
        {fmt::format("nats a byte gained, {} layers", depth), gain, Relation::at_least, last / 2});
    last = gain;
  }
  return c;
}

Claim warm_up(const TrainingRecords& r) {
  int steps = 0;
  for (const TrainingRun& run : r.runs) steps = std::max(steps, run.settings.warm_up);
  const int shallow = r.depths().front(), deep = deepest_of(r);
  return {.id = "warm-up",
          .says = "post-LN needs warm-up, pre-LN does not",
          .source = "arXiv 2002.04745",
          .if_so = Verdict::not_implied,
          .otherwise = Verdict::holds,
          .line =
              "Pre-norm does without. Of post-norm, shallow stacks learn without it, and the deepest do not "
              "learn with it "
              "either, in runs of this length.",
          .tried = tried(r),
          .comparisons = {{fmt::format("share that learned, post-norm, {} layers, no warm-up", shallow),
                           learned(r, "post_norm", shallow, 0), Relation::at_least, 0.2},
                          {fmt::format("post-norm, {} layers, {} steps of warm-up", deep, steps),
                           learned(r, "post_norm", deep, steps), Relation::at_most, 0.2},
                          {"pre-norm without", learned(r, "pre_norm", 0, 0), Relation::at_least, 0.5}},
          .page = page};
}

Claim deepnorm_trains(const TrainingRecords& r) {
  const int deep = deepest_of(r);
  return {.id = "deepnorm-trains",
          .says = "DeepNorm trains where post-LN does not",
          .source = "arXiv 2203.00555",
          .if_so = Verdict::holds,
          .otherwise = Verdict::not_implied,
          .line = "Of runs with and without warm-up.",
          .tried = tried(r),
          .comparisons = {{"share that learned, deep_norm, less post_norm's",
                           learned(r, "deep_norm") - learned(r, "post_norm"), Relation::at_least, 0.1},
                          {fmt::format("the same, {} layers", deep),
                           learned(r, "deep_norm", deep) - learned(r, "post_norm", deep), Relation::at_least,
                           0.1}},
          .page = page};
}

}  // namespace

std::vector<Claim> trained_claims(const TrainingFiles& t) {
  return {deep_training(t.map), ask_for_post_norm(t.map), scaling_trains(t.map), warm_up(t.warm_up),
          deepnorm_trains(t.warm_up)};
}

}  // namespace plumbline::reports
