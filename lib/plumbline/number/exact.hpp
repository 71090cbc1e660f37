// Constants that mean an exact real number, whatever the precision of the algebra that reads them.
#pragma once

namespace plumbline {

// A number that arithmetics need not have:
//   formula: factor (2^power)^times / sqrt(radicand), of the factor's square where it is `squared`
//   domain: radicand > 0; all are taken as the reals that their bits denote
struct Exact {
  double factor = 1;
  double radicand = 1;
  double power = 0;
  int times = 1;
  bool squared = false;
};

}  // namespace plumbline
