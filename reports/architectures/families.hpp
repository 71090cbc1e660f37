// Presets in groups that a page has room for, by what their specs say.
#pragma once

#include <span>
#include <string_view>

#include "plumbline/block/block_spec.hpp"

namespace plumbline::reports {

struct Family {
  std::string_view name, title;
  bool (*has)(const BlockSpec&);
};

// In this order; a preset is of the first that has it, and one has the rest.
std::span<const Family> families();
const Family& family_of(const BlockSpec& spec);

}  // namespace plumbline::reports
