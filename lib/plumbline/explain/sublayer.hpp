// How the ASCII picture sees one step of the stream: boxes on the stream, lanes of a branch, an add.
#pragma once

#include <vector>

#include "plumbline/explain/picture.hpp"

namespace plumbline {

// A way from a point through boxes and scales, in the order of execution.
struct Lane {
  int source = -1;
  std::vector<int> items;
};

// The stream goes from `residual.source` through `before`, is left by the branch, goes through
// residual.items, is joined at the add (where there is one) and goes through `after`. The branch is `trunk`,
// then the lanes side by side, which are added, then `tail`.
struct Sublayer {
  std::vector<int> before;
  Lane residual;
  std::vector<int> trunk;
  std::vector<Lane> lanes;  // empty: no add
  bool adds = true;         // or joins in another way
  std::vector<int> tail;
  std::vector<int> after;
};

// The step that ends in point number `i`, i >= 1. Throws Error where the graph has more adds than the layout
// of a residual block can have.
Sublayer sublayer_of(const Picture& picture, std::size_t i);

}  // namespace plumbline
