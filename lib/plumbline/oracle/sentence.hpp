// A verdict in words, on one line.
#pragma once

#include <string>

#include "plumbline/oracle/verdict.hpp"

namespace plumbline {

// "wrong: computes norm/eps-outside-sqrt, that is 1/(sqrt(v) + eps) (likelihood ratio e^41000)"
std::string sentence(const Verdict& verdict);

// What makes two verdicts the same: "wrong norm/eps-outside-sqrt", "coarser bfloat16", "invalid crash".
std::string kind_of(const Verdict& verdict);

}  // namespace plumbline
