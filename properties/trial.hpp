// Runs a law on a subject with a fixed seed, and says what came of it.
#pragma once

#include "properties/law.hpp"

namespace plumbline::properties {

struct Trial {
  bool holds;
  std::string broken;   // what was thrown where the law could not even be evaluated; empty otherwise
  std::string message;  // of the smallest failing case, with RapidCheck's replay line
};

// `cases` instances; a law that fails is shrunk to small dimensions. The seed makes the run the same
// everywhere.
Trial try_law(const Law& law, const Subject& subject, int cases, bool shrink = true);

}  // namespace plumbline::properties
