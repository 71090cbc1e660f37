// Factors of a product of balls taken apart into parts whose products are exact in double (ball_product.hpp).
#pragma once

#include <vector>

#include "plumbline/algebra/balls.hpp"

namespace plumbline {

// A factor as a product reads it: lines of `terms` numbers that are summed over, its rows or its columns.
struct Lines {
  const BallMatrix& of;
  bool are_rows;

  // How many lines, of how many numbers.
  Eigen::Index count() const { return are_rows ? of.mid.rows() : of.mid.cols(); }
  Eigen::Index terms() const { return are_rows ? of.mid.cols() : of.mid.rows(); }
};

// Where the parts of some lines go: matrices that lie as the factor does, `stride` from row to row. x is the
// sum of part[0] to part[k - 1] and of what is then left, which goes to left[k - 1]; several of these may be
// one place.
struct PartsAt {
  std::vector<double*> part, left;
  Eigen::Index stride;
};

// Of each line, upper bounds of Euclidean norms: of x and of what is left after each part; of the radii. And
// whether any of that is not 0.
struct LineNorms {
  std::vector<std::vector<double>> left;
  std::vector<double> radius;
  std::vector<bool> is_something;
};

// The norms of all lines, which come one behind the other.
LineNorms joined(const std::vector<LineNorms>& pieces);

// Takes `count` lines apart, from the one `first` on: where the largest number of a line is below 2^e, part k
// has multiples of 2^(e + 1 - (k + 1) bits), at most 2^(bits - 1) of them.
//   bits: 26 at most, so that the low half of a ball's middle is below half a unit of the second part
//   error: parts none; what is left is a double, and lacks u of itself, as the middle does of x
LineNorms take_apart(const Lines& x, Eigen::Index first, Eigen::Index count, int bits, const PartsAt& to);

}  // namespace plumbline
