// A set of the indices of one axis, told in a few words: "rows from 17 on", "channels 16…31 of every 64".
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plumbline {

// What the indices of one axis of a tensor count.
struct Axis {
  std::string one, many;  // "row", "rows"
  std::ptrdiff_t size;
  bool operator==(const Axis&) const = default;
};

using Indices = std::vector<bool>;  // which of 0 … size - 1

// A set in words, and how many words it takes.
struct Words {
  std::string text;  // empty where the set is the whole axis
  bool plural = true;
  int cost = 0;  // how much there is to say: 0 of the whole axis, 1 of a single index
};

// The set, one entry for each index of the axis, in words. Nothing where it takes more than a few, or where
// the set is empty.
std::optional<Words> words_for(const Axis& axis, const Indices& set);

}  // namespace plumbline
