// What tells attention where a token stands, written from its definition: a check on the block, independent
// of its code.
#pragma once

#include "properties/residual.hpp"

namespace plumbline::properties {

// The rotation of one head's row, in a sequence of n tokens, by complex multiplication, pair by pair.
void turn(const RopeSpec& rope, int position, int n, Matrix<I>& row);

// The slope of a head by ALiBi's recipe.
I slope_of(const AlibiSpec& alibi, int head, int n_heads);

// The row of T5's table for a key at that distance, of buckets for both sides or for the past alone.
int row_of_table(const BucketsSpec& buckets, int distance, bool both);

}  // namespace plumbline::properties
