#include "plumbline/block/buckets.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdlib>

namespace plumbline {
namespace {

using Whole = boost::multiprecision::cpp_int;

// The largest k up to `most` with k ln(furthest / m) <= steps ln(r / m), that is m^steps furthest^k <=
// r^steps m^k. Both sides are equal at r = 16, 32 and 64 of 16 buckets up to 128: there the quotient of
// logarithms is a whole number, and float code, which cuts its rounded quotient off, gets k or k - 1.
int steps_from(int m, int r, int furthest, int steps, int most) {
  Whole least = boost::multiprecision::pow(Whole(m), unsigned(steps));
  Whole reached = boost::multiprecision::pow(Whole(r), unsigned(steps));
  int k = 0;
  for (; k < most; ++k) {
    least *= furthest, reached *= m;
    if (least > reached) break;
  }
  return k;
}

}  // namespace

int bucket(const BucketsSpec& s, int distance, bool of_both_sides) {
  const int n = of_both_sides ? s.count / 2 : s.count, m = n / 2;
  const int behind = of_both_sides && distance > 0 ? n : 0;
  const int r = of_both_sides ? std::abs(distance) : std::max(-distance, 0);
  if (r < m) return behind + r;
  return behind + m + steps_from(m, r, s.max_distance, n - m, n - 1 - m);
}

}  // namespace plumbline
