// A spec in a sentence, and how one spec differs from another.
#pragma once

#include "plumbline/identify/candidate.hpp"

namespace plumbline::identify {

// In words, by what tells models apart: "pre_norm with RMSNorm (eps 1e-05), final norm; causal attention, 4
// heads of 16, RoPE (half, base 10000); SwiGLU".
std::string sentence(const BlockSpec& spec);

// The way from one spec to another: by deviations of the catalogue, as many as help, and then what is left,
// by key: "attention.mask: causal, not bidirectional".
struct Way {
  std::vector<std::string> deviations;
  std::vector<std::string> differences;
};
Way way(const BlockSpec& from, const BlockSpec& to);

// The preset that is the fewest deviations and differences away, at the spec's sizes.
struct Nearest {
  std::string preset;
  Way way;
};
Nearest nearest_preset(const BlockSpec& spec);

// Every knob that has a wrong value set right; what names and shapes declare is used, where they say.
Candidate corrected(const Candidate& candidate, const Anatomy& anatomy);

// What in the candidate is a mistake whatever was wanted: deviations of the catalogue that lead to it from
// the spec that has none, with the parameters that the box declares.
std::vector<std::string> mistakes(const Candidate& candidate, const Anatomy& anatomy);

}  // namespace plumbline::identify
