// Questions worth asking: inputs and parameters under which mistakes show. Each recipe hides some of them, so
// put different recipes in different questions.
#pragma once

#include <string_view>

#include "plumbline/cases/question.hpp"

namespace plumbline {

// ordinary: N(0,1) inputs, unit gains, zero biases; hides many mistakes.
// rich: random gains and biases, rows with an offset or a tiny variance.
// near_eps: rich, and every norm of the stream sees a variance near its eps, which shows what eps does.
// hot_scores: rich, and scores spread widely, which shows softcaps, masks and scales.
// sweep: rich, and the activation's arguments sweep -6 ... 0.5, one unit a number, the same for every token,
// which shows how an activation and its derivative are computed.
// edges: rich, and values at which real code fails: gains, biases and rows of projections that are exactly 0;
// tokens that are 0, nearly constant, or have one channel whose square is large for the type of the
// statistics; in half of the questions softmaxes that choose one key and activations far out.
enum class Recipe { ordinary, rich, near_eps, hot_scores, sweep, edges };

PLUMBLINE_NAMES(Recipe, {ordinary, "ordinary"}, {rich, "rich"}, {near_eps, "near_eps"},
                {hot_scores, "hot_scores"}, {sweep, "sweep"}, {edges, "edges"})

// All that a question follows from.
struct QuestionSettings {
  BlockSpec spec;
  int batch = 1, tokens = 6;
  std::optional<int> key_tokens = {};  // of sdpa; none: as many as tokens
  bool gradients = false;
  Recipe recipe = Recipe::rich;
  std::uint64_t seed = 1;
};

// Spec, sizes and gradients of a question; recipe and seed are the default ones.
QuestionSettings settings_of(const Question& question);

// A question of the recipe. What the settings leave open follows from the seed. Numbers are those of the
// storage type. The spec must be valid (`validate`).
Question question_from(const QuestionSettings& settings, const Profile& profile);

// The same for a preset at about this width, whose sizes follow from the seed too: powers of two for ordinary
// questions, odd ones and grouped heads for all others. Throws Error where there is no such preset.
Question question_from(std::string_view preset, Recipe recipe, const Profile& profile, bool gradients,
                       std::uint64_t seed, int width = 32);

}  // namespace plumbline
