// Numbers that follow from a seed, and what a profile has room for.
#pragma once

#include <algorithm>
#include <cmath>

#include "plumbline/number/grid.hpp"
#include "plumbline/number/matrix.hpp"
#include "plumbline/spec/profile.hpp"

namespace plumbline {

// SplitMix64: the n-th number is a hash of seed + n times an odd constant. Whole numbers and sums of them, so
// the same on every machine; the standard library's distributions differ between libraries.
class Draw {
 public:
  // Equal seeds draw equal numbers.
  explicit Draw(std::uint64_t seed) : state_(mixed(seed)) {}
  // Nearly normal, mean 0, variance 1, at most 6 in size: the sum of 12 uniform numbers of 16 bits, and one
  // that fills the gaps between such sums.
  double normal() {
    constexpr std::uint64_t every_second = 0x0000ffff0000ffff;
    std::uint64_t pairs = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t x = bits();
      pairs += (x & every_second) + (x >> 16 & every_second);
    }
    const double sum = double(std::int64_t((pairs & 0xffffffff) + (pairs >> 32)) - 12 * 0xffff / 2);
    return (sum + centred_uniform(bits())) * 0x1p-16;
  }
  double uniform() { return centred_uniform(bits()) + 0.5; }  // on [0, 1)
  // Whole on [low, high], low <= high and fewer than 2^31 of them; whether 1 was drawn of 1 ... n, n >= 1;
  // and normal numbers times `scale` plus `offset`, row by row.
  int whole(int low, int high) { return low + int(bits() % std::uint64_t(high - low + 1)); }
  bool one_in(int n) { return whole(1, n) == 1; }
  Matrix<double> matrix(int rows, int cols, double scale = 1, double offset = 0) {
    if (scale == 0) return Matrix<double>::Constant(rows, cols, offset);
    Matrix<double> x(rows, cols);
    for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = offset + scale * normal();
    return x;
  }

 private:
  std::uint64_t bits() { return mixed(state_ += 0x9e3779b97f4a7c15); }

  std::uint64_t state_;
};

// The third power of 1 / sqrt(variance), which a norm's backward pass takes, is a number of the statistics'
// type where the root is at least 2 to this power.
inline int least_root(const Profile& profile) {
  constexpr int room = 2;  // for what multiplies it
  return -(info(profile.statistics).max_exponent - room) / 3;
}

}  // namespace plumbline
