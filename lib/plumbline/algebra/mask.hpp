// Which key a query sees.
#pragma once

#include <algorithm>

namespace plumbline {

// Query i sees key j iff i - behind <= j <= i + ahead. Query 0 of a mask that would see nothing sees key 0.
struct Mask {
  int queries = 0, keys = 0;
  int behind = 0, ahead = 0;

  bool sees(int i, int j) const {
    const int last = std::max(i + ahead, 0);
    return i - behind <= j && j <= last;
  }
  static Mask everything(int queries, int keys) { return {queries, keys, queries, keys}; }
};

}  // namespace plumbline
