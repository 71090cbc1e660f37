// What came of one case, or of one relation.
#pragma once

#include "plumbline/judge/verdict.hpp"

namespace plumbline {

// The worst first.
enum class Outcome {
  invalid,    // no answer, or none of the shapes that were asked for
  wrong,      // no correct implementation in the profile answers so
  broken,     // of a relation
  coarser,    // right, but in coarser arithmetic than declared
  agrees,     // as a correct implementation in the profile
  holds,      // of a relation
  skipped,    // the implementation says that it does not compute this
  discarded,  // the question can judge nothing: correct code overflows on it, or an empty answer would pass
  untried     // of a relation: it cannot be tried on this question
};

// Not judged, and so neither right nor wrong.
inline bool is_judged(Outcome o) { return o < Outcome::skipped; }
inline bool is_failure(Outcome o) { return o < Outcome::agrees; }

// Of a case with that verdict. An inconclusive one is the question's fault, not the answer's.
inline Outcome outcome_of(Finding f) {
  switch (f) {
    case Finding::invalid: return Outcome::invalid;
    case Finding::wrong: return Outcome::wrong;
    case Finding::coarser: return Outcome::coarser;
    case Finding::inconclusive: return Outcome::discarded;
    case Finding::agrees: break;
  }
  return Outcome::agrees;
}

PLUMBLINE_NAMES(Outcome, {invalid, "invalid"}, {wrong, "wrong"}, {broken, "broken"}, {coarser, "coarser"},
                {agrees, "agrees"}, {holds, "holds"}, {skipped, "skipped"}, {discarded, "discarded"},
                {untried, "untried"})

}  // namespace plumbline
