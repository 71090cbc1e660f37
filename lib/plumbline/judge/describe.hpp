// Verdicts in words. No part of the rule: its hash leaves this file out.
#pragma once

#include <string>

#include "plumbline/judge/verdict.hpp"

namespace plumbline {

// Three digits, and no exponent where people can read it without: 41000, 3.2e+12.
std::string brief_number(double x);

// "e^41.3"; of what nobody could count, "beyond e^1000".
std::string ratio_text(double log_ratio);

// "norm/eps-outside-sqrt, 1/(sqrt(v) + eps)"
std::string with_formula(const Deviation& deviation);

// One line for people: "wrong: computes norm/eps-outside-sqrt, 1/(sqrt(v) + eps) (likelihood ratio e^413)".
std::string describe(const Verdict& verdict);

}  // namespace plumbline
