#include "plumbline/algebra/ball_sums.hpp"

#include <algorithm>

namespace plumbline {
namespace {

constexpr double u = Ball::u;

PLUMBLINE_WIDER void begin(const double* first, double lost, long n, const BallRowOut& z) {
  std::copy_n(first, n, z.mid);
  std::fill_n(z.low, n, 0.0);
  std::fill_n(z.rad, n, lost);
}

PLUMBLINE_WIDER void add(const double* tile, long n, BallRowOut z) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) {
    const TwoDoubles s = two_sum(z.mid[j], tile[j]);
    z.mid[j] = s.high;
    z.low[j] += s.low;
    z.rad[j] += 8 * u * std::abs(s.low);
  }
}

PLUMBLINE_WIDER void widen(double times, const double* by, long n, double* rad) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) rad[j] += times * by[j];
}

PLUMBLINE_WIDER void finish(long n, BallRowOut z) {
  PLUMBLINE_INDEPENDENT
  for (long j = 0; j < n; ++j) put(z, j, Ball(two_sum(z.mid[j], z.low[j]), Ball::grown(z.rad[j])));
}

}  // namespace

void add_up(const RowOfResults& r, long n, const BallRowOut& z) {
  begin(r.tiles[0], r.lost, n, z);
  for (std::size_t k = 1; k < r.tiles.size(); ++k) add(r.tiles[k], n, z);
  for (std::size_t c = 0; c < r.shares.size(); ++c) widen(r.own_shares[c], r.shares[c].data(), n, z.rad);
  if (r.radii) widen(r.times_radii, r.radii, n, z.rad);
  finish(n, z);
}

}  // namespace plumbline
