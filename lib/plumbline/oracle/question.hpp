// What an implementation is asked: a block, what it is given, and whether its gradients are wanted.
#pragma once

#include "plumbline/oracle/case.hpp"
#include "plumbline/oracle/profile.hpp"

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

// Throws Error naming the first number that the profile's storage type does not have, or that is NaN. Nothing
// is checked for float64.
void check_representable(const CaseInputs& inputs, const Profile& profile);

// The names of the outputs, in the order in which every part of the oracle keeps them: y, grad.x, then the
// parameters' and other inputs' in alphabetical order.
std::vector<std::string> output_names(const Question& question);

}  // namespace plumbline
