// Members of the set of correct implementations, and the errors of their outputs.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "plumbline/base/parallel.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/cases/question.hpp"
#include "plumbline/ensemble/ensemble.hpp"

namespace plumbline {

// The outputs of the block computed over Ensemble<S>, in the order of output_names: those of the exact
// member, which writes the run that all others read; and those of the member of a seed. S is double or long
// double. Throws Error where a parameter is missing or a query sees no key, as all functions here do; shapes
// are not checked.
template <class S>
std::vector<Matrix<S>> exact_member(const Question& question, const Arithmetic& arithmetic, ExactRun<S>& run);
template <class S>
std::vector<Matrix<S>> member(const Question& question, const Arithmetic& arithmetic, std::uint64_t seed,
                              ExactRun<S>& run, Rounding rounding = Rounding::shifted, Terms left_out = {});

// The errors y^ - y of several answers, each a matrix for every output.
using AnswerErrors = std::vector<std::vector<Matrix<double>>>;

// All members of one question, after the exact one, which runs when this is made. Float64 members are
// computed in long double (11 bits more, so that their own rounding is below 1/1000 of the error they carry),
// all coarser ones in double. Threads change nothing.
class Members {
 public:
  // Question and profile must outlive it.
  Members(const Question& question, const Profile& profile);

  // Those of the seeds first, first + 1, ... Entries are not finite where a member overflows. `left_out`: the
  // terms of their errors that they do without.
  AnswerErrors errors(std::uint64_t first, int count, int threads = processor_threads(), Terms left_out = {});
  // Those of answers that are known to be right: the exact outputs rounded once; plain code that rounds to
  // nearest, each answer with stores and casts of its own; and, in the profiles float64 and float32, the
  // block in the processor's own numbers. `truth`: the exact outputs.
  AnswerErrors right_answer_errors(const std::vector<Matrix<long double>>& truth,
                                   int threads = processor_threads());

 private:
  template <class S>
  struct Exact {
    ExactRun<S> run;
    std::vector<Matrix<S>> outputs;
  };
  const Question& question_;
  const Profile& profile_;
  std::variant<Exact<double>, Exact<long double>> exact_;
};

// The same of members alone.
AnswerErrors member_errors(const Question& question, const Profile& profile, std::uint64_t first, int count,
                           int threads = processor_threads(), Terms left_out = {});

// One of those plain answers: that with the stores of that seed, which is not 0.
Outputs plain_answer(const Question& question, const Profile& profile, std::uint64_t seed);

// What a member that computes these deviations answers, under the declared names; none: a correct member.
// Throws Error where the deviating block has no value.
Outputs member_outputs(const Deviations& deviations, const Question& declared, const Profile& profile,
                       std::uint64_t seed);

}  // namespace plumbline
