// Which key a query sees.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plumbline/base/error.hpp"

namespace plumbline {

// Query i stands at key s = i + shift and sees the keys from s - behind to s + ahead; where s is not
// negative, to key 0 at least. Of these, what `shown` has where there is one: row by row, `stride` keys each;
// and none before the chunk in which s stands, where keys stand in chunks of that many.
struct Mask {
  int queries = 0, keys = 0;
  int behind = 0, ahead = 0;
  int shift = 0;
  int chunk = 0;              // 0: keys stand in none
  bool sink = false;          // every query sees one column more, to the right of the keys
  bool may_be_empty = false;  // a query that sees no key has no weights; otherwise there must be none
  int stride = 0;
  std::shared_ptr<const std::vector<bool>> shown = {};

  // The first and the last key that query i may see; first > last where it sees none.
  int first(int i) const {
    const int s = i + shift, begin = chunk > 0 && s >= 0 ? s / chunk * chunk : 0;
    return std::max({s - behind, begin, 0});
  }
  int last(int i) const {
    const int s = i + shift;
    return std::min(std::max(s + ahead, std::min(s, 0)), keys - 1);
  }
  bool shows(int i, int j) const { return !shown || (*shown)[std::size_t(i) * std::size_t(stride) + j]; }
  bool sees(int i, int j) const {
    return (first(i) <= j && j <= last(i) && shows(i, j)) || (sink && j == keys);
  }
  bool sees_any(int i) const {
    for (int j = first(i); j <= last(i); ++j)
      if (shows(i, j)) return true;
    return false;
  }
  // Every query sees every key.
  static Mask everything(int queries, int keys) { return {queries, keys, queries, keys}; }
};

// A softmax over nothing is 0/0: throws Error where a query sees no key, with or without a sink, and that is
// not allowed for.
inline void require_sight(const Mask& mask) {
  for (int i = 0; i < mask.queries && !mask.may_be_empty; ++i)
    if (!mask.sees_any(i))
      throw Error("attention: the mask hides all " + std::to_string(mask.keys) + " keys from query " +
                  std::to_string(i) + " of " + std::to_string(mask.queries) +
                  ": a softmax over no key has no value");
}

}  // namespace plumbline
