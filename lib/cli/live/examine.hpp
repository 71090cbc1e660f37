// Asking an implementation one question and judging what it answers.
#pragma once

#include "plumbline/oracle/subprocess.hpp"
#include "plumbline/oracle/verdict.hpp"

namespace plumbline::cli {

struct Examination {
  std::string outcome;  // as in Result
  std::string message;  // one line; empty where it agrees
  std::string kind;     // of a failure: what makes another one the same; empty otherwise
  Answer answer;
  std::optional<Verdict> verdict = {};  // where the answer was judged
};

Examination examine(Subprocess& peer, const Request& request);
Examination examine(const Request& request, const Answer& answer);

// "B=2 T=6 d=31, 1 layer, 4 heads of 5, d_ff = 60"
std::string sizes_text(const Question& question);

}  // namespace plumbline::cli
