// The operating characteristics of the oracle, measured: how often correct implementations (the peer's
// variants) are rejected, and how many deviations are found, known or unknown to the catalogue, and named.
#pragma once

#include <optional>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/judge/verdict.hpp"

namespace plumbline {

// What a faulty implementation in this profile would answer: a correct one of the deviating block.
Outputs faulty_answer(const Question& declared, const Profile& profile, const Deviation& deviation,
                      std::uint64_t seed);

// The same for two deviations at once; nothing where the second does not apply to the first's block.
std::optional<Outputs> faulty_answer(const Question& declared, const Profile& profile, const Deviation& first,
                                     const Deviation& second, std::uint64_t seed);

// Judgements of one profile, recipe and choice of outputs, summed over questions.
struct Characteristics {
  int questions = 0;
  int correct = 0, false_alarms = 0;
  double worst_p = 1e300;  // the smallest p of a correct trial
  double worst_match = 0;  // the largest |c| / tau_c of one, over the threshold
  int with_effect = 0;     // bugs that change the exact outputs
  int clear = 0;           // of these, those with a signal-to-noise ratio of at least 10
  int unknown_found = 0, unknown_found_clear = 0;  // without the bug's own entry in the catalogue
  int unknown_coarser = 0;                         // of those not found: called right in a coarser profile
  int found = 0, found_clear = 0;
  // Of the clear ones that were found; a name that computes the same on that question is right too.
  int named_right = 0, named_wrong = 0, not_named = 0;
  int separated = 0;          // bugs that some detector separates from correct
  double calibration_ms = 0;  // median over the questions
};

struct Campaign {
  std::vector<std::string> presets;
  int seeds = 1;
  int width = 32;
};

Characteristics measure(const Campaign& campaign, const Profile& profile, Recipe recipe, bool gradients);

// How truths of several kinds are judged where `profile` is declared: agrees, coarser, named, wrong without
// a name.
struct Confusion {
  std::string truth;
  int agrees = 0, coarser = 0, named = 0, wrong = 0, inconclusive = 0;
};
std::vector<Confusion> confusion(const Campaign& campaign, const Profile& profile);

// How many of so many random pairs of clear deviations are named; one of the pair is no name.
struct Pairs {
  int tried = 0, named = 0, called_wrong = 0;
};
Pairs name_pairs(const Campaign& campaign, const Profile& profile, int pairs);

}  // namespace plumbline
