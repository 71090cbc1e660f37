// Whether the black box computes the candidate, by the judge's rule; and what tells it from its neighbours.
#pragma once

#include <memory>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/identify/black_box.hpp"
#include "plumbline/identify/questions.hpp"
#include "plumbline/identify/search.hpp"
#include "plumbline/naming/diagnosis.hpp"

namespace plumbline::identify {

// A fresh question (cases/recipes.hpp) about the candidate, what the box answered, and the verdict.
struct JudgedProbe {
  Recipe recipe;
  Request request;
  std::shared_ptr<Asked> asked;
  Outputs outputs = {};
  std::unique_ptr<Judge> judge = {};  // none: correct code overflows here
  Verdict verdict = {};
};

// One fresh question of each recipe but `edges`, with seeds from `seed` on, and two sequences of `tokens`
// tokens. Throws Error where the box does not answer.
std::vector<JudgedProbe> judged(NamedBox& ask, Questions& questions, const Candidate& candidate, int tokens,
                                std::uint64_t seed);

// What explains the answers that do not agree.
std::vector<Diagnosis> diagnoses(const std::vector<JudgedProbe>& judged);

// Whether at least one answer is right, if perhaps coarser, and none is wrong or invalid; the first that is,
// or nullptr.
bool agrees(const std::vector<JudgedProbe>& judged);
const JudgedProbe* first_wrong(const std::vector<JudgedProbe>& judged);

// What decided a knob: the other value that is the hardest to tell from the one that was found, and how much
// likelier the answer to the question that tells them apart best is made by the one that was found.
struct Decision {
  Group group;
  std::string knob, value, runner_up;
  double log_ratio = 0;
  std::string recipe;
  std::vector<std::string> undecided;  // other values that no question separates from it
};
// One for each knob that has other values, in the order of the search.
std::vector<Decision> decisions(const Candidate& candidate, const Search& search,
                                const std::vector<JudgedProbe>& judged);

// The candidate with a deviation of the catalogue; nothing where that changes nothing.
std::optional<Candidate> deviating(const Candidate& candidate, const Deviation& deviation);

}  // namespace plumbline::identify
