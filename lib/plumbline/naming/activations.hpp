// Activations that code computes in the place of the one that was asked for.
#pragma once

#include <span>

namespace plumbline {

// One of them: its id, its formula in words, and the function.
struct OtherActivation {
  const char *id, *says;
  double (*f)(double x, double c);
  double c = 0;                // its constant
  double least = 0, most = 0;  // of those whose constant is to be found: between these
};

// All of them, in a fixed order: slips and records name them by their index and id.
std::span<const OtherActivation> other_activations();

// f(x), and its derivative by a difference of fourth order: exact to a dozen digits where f is smooth, wrong
// within 0.002 (1 + |x|) of a kink.
double value(const OtherActivation& f, double c, double x);
double slope(const OtherActivation& f, double c, double x);

}  // namespace plumbline
