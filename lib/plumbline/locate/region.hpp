// The simplest region of a tensor that holds all marked entries: an index set on each of some axes, or all
// but that. What it says is exact: every cell that it names has a marked entry, and no other cell has one.
#pragma once

#include <span>

#include "plumbline/locate/index_set.hpp"

namespace plumbline {

// The axes of a tensor, the first one slowest. A tensor can be seen in several ways: rows of a sequence, or
// of the whole batch.
using View = std::vector<Axis>;

// A region, and how much of it is marked.
struct Region {
  std::string text;        // "rows from 17 on of sequence 1"; of an exception, what is left out
  bool plural = true;      // "are" or "is"
  bool exception = false;  // the region is everything but what the text says
  bool everything = false;
  std::vector<bool> holds;  // by entry
  std::ptrdiff_t size = 0, marked = 0;

  // Whether more than half of its entries are marked.
  bool is_mostly_marked() const { return 2 * marked > size; }
};

// What it takes to leave unmarked entries out of a region: that they are together not right by chance.
struct Chance {
  std::vector<double> surprise = {};  // by entry, -log of that probability; empty where it is 0
  double needed = 0;
};

// The smallest such region, and of several the one that is told in the fewest words, in the first view if
// that is as short; at worst everything. Each view has as many entries as `marked`.
Region region_of(std::span<const View> views, const std::vector<bool>& marked, const Chance& chance = {});

}  // namespace plumbline
