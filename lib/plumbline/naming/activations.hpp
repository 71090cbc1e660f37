// Activations that code computes in the place of the one that was asked for.
#pragma once

#include <span>

namespace plumbline {

struct OtherActivation {
  const char *id, *says;
  double (*f)(double x, double c);
  double c = 0;                // its constant
  double least = 0, most = 0;  // of those whose constant is to be found: between these
};

std::span<const OtherActivation> other_activations();

// f(x) and its derivative, by a difference of fourth order: exact to a dozen digits off the kinks.
double value(const OtherActivation& f, double c, double x);
double slope(const OtherActivation& f, double c, double x);

}  // namespace plumbline
