// Which laws speak of a preset: derived from the table of laws and from the premises of relations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plumbline/block/block_spec.hpp"
#include "properties/subjects/cell.hpp"

namespace plumbline::reports {

// The column of the table of laws whose layout and norm a block has, whatever its sublayers are.
std::optional<properties::Cell> cell_of(const BlockSpec& spec);

// What must hold of answers to related questions about it or its layer, and what speaks of other blocks.
struct RelationsOf {
  std::vector<std::string> hold, silent;  // ids; "order (attention without a mask and without positions)"
};
RelationsOf relations_of(const BlockSpec& spec);

// Of a column: the laws that are tried in it, and the others by the reasons why not.
std::string laws_in_words(const properties::Cell& cell);

}  // namespace plumbline::reports
