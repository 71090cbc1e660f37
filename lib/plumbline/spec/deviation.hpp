// Deviations: the wrong choices that real implementations make, each a change of the spec. A wrong
// implementation computes another spec, one that nobody asked for.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline {

// A wrong choice that real implementations make, as a change of the spec.
struct Deviation {
  std::string_view id;       // a path: component/what
  std::string_view formula;  // what it computes instead
  std::string_view bug;      // a report of it in the wild, or "" where it stands for its kind
  // Changes the spec; leaves it equal where the deviation does not apply. Parameters keep their declared
  // names, save that a norm moved to another slot is found under the slot's name.
  std::function<void(BlockSpec& spec)> apply;
  // Where a norm moves, the slot it is declared in and the slot it is moved to: "in" to "post", say.
  std::string_view from_slot = {}, to_slot = {};

  // Whether it changes that spec at all.
  bool applies_to(const BlockSpec& spec) const {
    BlockSpec changed = spec;
    apply(changed);
    return !(changed == spec);
  }
};

// The catalogue, sorted by id.
std::span<const Deviation> deviations();

// Throws Error where there is none of that id.
const Deviation& find_deviation(std::string_view id);

}  // namespace plumbline
