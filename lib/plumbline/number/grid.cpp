#include "plumbline/number/grid.hpp"

#include "plumbline/base/wider.hpp"

namespace plumbline {

template <>
PLUMBLINE_WIDER void Grid<double>::round(double* x, std::ptrdiff_t count, std::uint64_t salt,
                                         std::uint64_t step) const {
  const Grid grid = *this;  // whose numbers x cannot point to
  if (to_nearest_)
    for (std::ptrdiff_t i = 0; i < count; ++i) x[i] = grid.nearest(x[i]);
  else
    for (std::ptrdiff_t i = 0; i < count; ++i) x[i] = grid.shifted(x[i], salt + std::uint64_t(i) * step);
}

template <>
void Grid<long double>::round(long double* x, std::ptrdiff_t count, std::uint64_t salt,
                              std::uint64_t step) const {
  for (std::ptrdiff_t i = 0; i < count; ++i) x[i] = rounded(x[i], salt + std::uint64_t(i) * step);
}

}  // namespace plumbline
