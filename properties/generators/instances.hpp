// Random instances, drawn through RapidCheck so that dimensions shrink; numbers come from a seed.
#pragma once

#include <rapidcheck.h>

#include <string_view>

#include "plumbline/oracle/case.hpp"
#include "properties/subject.hpp"

namespace plumbline::properties {

// Draws a regime and dimensions, avoiding the points at which laws are vacuous: d >= 5, T >= 3, several
// heads.
struct Sizes {
  int d, tokens, n_layers, n_heads, n_kv_heads, head_dim, d_ff;
};
Sizes draw_sizes();
Regime draw_regime();

// A spec of that layout (presets.hpp) at drawn sizes, with biases, random eps and no final norm.
BlockSpec draw_layout(std::string_view layout, NormKind kind = NormKind::layer_norm);

// One norm alone, at a drawn width and eps.
BlockSpec draw_norm(NormKind kind);

// Random parameters (gains away from 0) and an input of `tokens` rows in a drawn regime.
Instance draw_instance(const BlockSpec& spec, int tokens);
Instance draw_instance(const BlockSpec& spec);

// A matrix of uniform numbers in [-1, 1]: multiples of 2^-20.
Matrix<I> draw_matrix(int rows, int cols);

}  // namespace plumbline::properties
