// Asking an implementation one question and judging what it answers.
#pragma once

#include "plumbline/oracle/subprocess.hpp"

namespace plumbline::cli {

struct Examination {
  std::string outcome;  // as in Result
  std::string message;  // one line; empty where it agrees
  std::string kind;     // of a failure: what makes another one the same; empty otherwise
  Answer answer;
};

Examination examine(Subprocess& peer, const Request& request);

// Single deviations are named at once; a search for pairs of them takes a second.
enum class Diagnosis { single, pairs };
Examination examine(const Request& request, const Answer& answer, Diagnosis diagnosis = Diagnosis::single);

// "B=2 T=6 d=31, 1 layer, 4 heads of 5, d_ff = 60"
std::string sizes_text(const Question& question);

}  // namespace plumbline::cli
