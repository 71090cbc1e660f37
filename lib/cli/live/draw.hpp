// What is asked in a live run: RapidCheck draws a spec, sizes, a recipe for the numbers and their seed, and
// knows what is simpler.
#pragma once

#include <rapidcheck.h>

#include "cli/block_options.hpp"
#include "plumbline/oracle/recipes.hpp"

namespace plumbline::cli {

// A spec whose values may be left open: {"from": 5, "to": 64} (and "least": 1, as far as it may be shrunk) or
// {"one_of": [...]}, simplest first, stand for a number or any value.
using SpecTemplate = Json;

// A preset whose sizes are open where the command line does not fix them. They avoid the points at which
// mistakes hide: odd widths, several heads, grouped heads where the model has them.
SpecTemplate template_of(const BlockOptions& options);

// Throws Error, with the reason, where the template has no spec that is one.
rc::Gen<QuestionSettings> live_questions(const SpecTemplate& spec, bool gradients);

// The question of that number of a run: the same for the same seed, on every machine, in every shard.
rc::Shrinkable<QuestionSettings> draw(const rc::Gen<QuestionSettings>& questions, std::uint64_t seed,
                                      int number);

}  // namespace plumbline::cli
