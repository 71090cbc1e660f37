// How large a block may be, so that no product of sizes is beyond int and no stack takes forever.
#pragma once

#include <string>

namespace plumbline {

inline constexpr int largest_size = 1 << 20, most_layers = 10000, most_sequences = 1 << 10;
// Of what follows from two sizes: d_ff, and all heads of a token side by side.
inline constexpr int largest_width = 4 * largest_size;

// Throws Error naming the whole key path where a size is not from 1 to `largest`.
void check_size(const std::string& path, long long size, int largest = largest_size);

}  // namespace plumbline
