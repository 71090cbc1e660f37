// The members of the set of correct implementations, as errors of their outputs.
#pragma once

#include <cstdint>
#include <vector>

#include "plumbline/algebra/ensemble.hpp"
#include "plumbline/oracle/deviate.hpp"
#include "plumbline/oracle/parallel.hpp"
#include "plumbline/oracle/question.hpp"

namespace plumbline {

// The outputs of the block computed over Ensemble<S>, in the order of output_names. Seed 0 is the exact
// member, which writes the run that all others read.
template <class S>
std::vector<Matrix<S>> member(const Question& question, const Arithmetic& arithmetic, std::uint64_t seed,
                              ExactRun<S>& run, Rounding rounding = Rounding::shifted);

// ŷ - y of the member of each seed from `first` on, on up to `threads` threads. Float64 members are computed
// in long double (11 bits more, so that their own rounding is below 1/1000 of the error they carry), all
// coarser ones in double.
std::vector<std::vector<Matrix<double>>> member_errors(const Question& question, const Profile& profile,
                                                       std::uint64_t first, int count,
                                                       int threads = processor_threads());

// y^ - y of answers that are known to be right: the exact outputs rounded once; plain code that rounds to
// nearest, each answer with stores and casts of its own; and, where sums matter, the block in the processor's
// own numbers. `truth`: the exact outputs.
std::vector<std::vector<Matrix<double>>> right_answer_errors(const Question& question, const Profile& profile,
                                                             const std::vector<Matrix<long double>>& truth,
                                                             int threads = processor_threads());

// One of those plain answers, with the stores of that seed.
Outputs plain_answer(const Question& question, const Profile& profile, std::uint64_t seed);

// What a member that computes these deviations answers, under the declared names; none: a correct member.
// Throws Error where the deviating block has no value.
Outputs member_outputs(const Deviations& deviations, const Question& declared, const Profile& profile,
                       std::uint64_t seed);

}  // namespace plumbline
