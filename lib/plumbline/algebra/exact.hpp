// Constants that mean an exact real number, whatever the precision of the algebra that reads them.
#pragma once

namespace plumbline {

// factor / sqrt(radicand); both are taken as the reals that their bits denote.
struct Exact {
  double factor = 1;
  double radicand = 1;
};

}  // namespace plumbline
