// What an implementation is asked: a block, what it is given, and whether its gradients are wanted.
#pragma once

#include "plumbline/cases/case.hpp"
#include "plumbline/spec/profile.hpp"

namespace plumbline {

// All that an answer follows from.
struct Question {
  BlockSpec spec;
  CaseInputs inputs;  // numbers of the profile's storage type
  int batch = 1;
  bool gradients = false;
};

// y [B T, d] (or as output_width says); with gradients grad.x (grad.q of sdpa) and grad.<parameter>.
using Outputs = Parameters<double>;

// Every number rounded to nearest, ties to even; infinite beyond the largest number of the type.
CaseInputs rounded_to(const CaseInputs& inputs, Dtype dtype);

// Throws Error naming the first number that the profile's storage type does not have, or that is NaN.
void check_representable(const CaseInputs& inputs, const Profile& profile);

// How many keys a sequence has, where the part takes keys of their own.
std::optional<int> key_tokens_of(const Question& question);

// The names of the outputs, in the order in which members and judge keep them: y, grad.x, then the
// parameters' and other inputs' in alphabetical order.
std::vector<std::string> output_names(const Question& question);

}  // namespace plumbline
