// Runs a law on a subject with a fixed seed, and says what came of it.
#pragma once

#include <map>

#include "properties/law.hpp"

namespace plumbline::properties {

// Neither of the two where too few cases could be drawn: nothing was tried then.
struct Trial {
  bool holds = false, fails = false;
  int cases = 0;                        // that held
  std::map<std::string, int> coverage;  // what kind of case was drawn, and how often
  Ledger ledger;
  std::string broken;   // what was thrown where the law could not even be evaluated; empty otherwise
  std::string message;  // of the smallest failing case; how to replay it
};

// The seed that every run uses unless RC_PARAMS says otherwise.
inline constexpr std::uint64_t seed = 20170612;

// How many cases a law is tried on, and how many a mutant is given to be noticed in.
inline constexpr int cases_per_law = 60, cases_per_mutant = 100;

// A law that fails is shrunk to small dimensions. The seed makes the run the same everywhere; RC_PARAMS with
// "reproduce" replays one failing case alone.
Trial try_law(const Law& law, const Subject& subject, int cases, bool shrink = true);

// The name of the law in the test program: Law.PRE_3.
std::string test_name(std::string_view id);

}  // namespace plumbline::properties
