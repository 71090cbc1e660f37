// Asking an implementation one question and judging what it answers.
#pragma once

#include "plumbline/campaign/outcome.hpp"
#include "plumbline/campaign/sensitivity.hpp"
#include "plumbline/exchange/subprocess.hpp"
#include "plumbline/judge/verdict.hpp"
#include "plumbline/locate/locate.hpp"

namespace plumbline {

// What came of one question, or of one relation that was tried on it.
struct Examination {
  Outcome outcome = Outcome::agrees;
  std::string message = {};  // one line; empty where it agrees
  std::string kind = {};     // of a failure: what makes another one the same; empty otherwise
  Answer answer = {};
  std::optional<Verdict> verdict = {};   // where the answer was judged
  std::string place = {};                // of a wrong answer: where, in one phrase
  std::vector<std::string> where = {};   // and in full
  std::optional<WorstEntry> worst = {};  // of a wrong answer
  Nearness nearness = {};                // of an answer that agrees
  bool can_agree = true;  // whether a right answer to this question would be told from an empty one

  // Whether there is a number for everything that was asked for, so that it can be told what was computed.
  bool has_numbers() const { return verdict && verdict->finding != Finding::invalid && verdict->is_finite; }
};

// Throws Error where the question is none that can be put in that profile. `sensitivity` learns what an
// agreeing answer could still have been.
Examination examine(Subprocess& peer, const Request& request, Sensitivity* sensitivity = nullptr);
Examination examine(const Request& request, const Answer& answer, Sensitivity* sensitivity = nullptr);

// With another verdict on the same answer.
Examination examination_of(const Verdict& verdict, Examination examination);

// "B=2 T=6 d=31, 4 heads of 5, d_ff=60"
std::string sizes_text(const Question& question);

}  // namespace plumbline
