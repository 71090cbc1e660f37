// The founding text's forward pass of one token with three channels, in enclosures.
#pragma once

#include <vector>

#include "plumbline/number/interval.hpp"

namespace plumbline::reports {

// x = [4.0, 2.0, 0.0]; attention writes [0.2, -0.1, 0.0], the feed-forward [0.1, 0.2, -0.1]. u stands after
// the first add, y after the second, with post-norm's norms where it has them.
struct ToyPass {
  using Row = std::vector<Interval60>;
  Row x, attention, feed_forward;
  Row pre_first_norm, pre_u, pre_second_norm, pre_y;  // what the branches read, and the stream
  Row post_u, post_y;
};

// LayerNorm of unit gain with eps = 1e-5.
ToyPass toy_pass();

}  // namespace plumbline::reports
