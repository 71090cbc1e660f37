// What a product of balls is added up from (ball_product.hpp).
#pragma once

#include <vector>

#include "plumbline/algebra/ball_rows.hpp"

namespace plumbline {

// A bound of an error is a sum of products of a number of the left line and one of the right line.
using Shares = std::vector<std::vector<double>>;  // by product, by line

// Of one row of results: the tiles that are added; the row's own shares and those of its columns; and, where
// radii are multiplied, so many times which numbers they are.
struct RowOfResults {
  const std::vector<const double*>& tiles;
  const std::vector<double>& own_shares;
  const Shares& shares;
  const double* radii;
  double times_radii, lost;
};

// Seven tiles at most, in two doubles: the second one adds what additions to the first one lose, and loses 8
// u of the sizes of that.
void add_up(const RowOfResults& r, long n, const BallRowOut& z);

}  // namespace plumbline
