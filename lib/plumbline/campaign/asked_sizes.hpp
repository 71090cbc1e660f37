// The sizes of a question, by the names that people know.
#pragma once

#include <map>
#include <string>

#include "plumbline/cases/recipes.hpp"

namespace plumbline {

// Those that the block has: batch, T, rows = batch T, T_k, d, n_layers, n_heads, n_kv_heads, head_dim, d_ff.
using AskedSizes = std::map<std::string, int, std::less<>>;
AskedSizes asked_sizes(const QuestionSettings& question);

}  // namespace plumbline
