// What the answers of a black box say whatever its spec is: each from a few related questions, by comparing
// answers with one another.
#pragma once

#include <set>

#include "plumbline/identify/black_box.hpp"
#include "plumbline/identify/questions.hpp"

namespace plumbline::identify {

// What was tried, and what came of it.
struct Reading {
  std::string what;   // "a later token changes an earlier row"
  std::string found;  // "never"
};

// What was read, for people; and of it what the search uses.
struct Readings {
  std::vector<Reading> all;
  bool repeats = true;                   // the same question twice, the same bits
  std::set<std::string> without_effect;  // parameters, under our names, that change nothing in any layer
};

// Asks about sequences of `tokens` tokens. Throws Error where the box does not answer.
Readings readings(NamedBox& ask, Questions& questions, int tokens);

}  // namespace plumbline::identify
