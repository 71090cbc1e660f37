// Where memory takes longer than arithmetic.
#pragma once

#include <cstdint>

namespace plumbline {

// So many numbers are more than the caches of a core hold (8 MiB of doubles): what is done with them is done
// for several at a time, or on all threads.
inline constexpr std::int64_t beyond_caches = 1 << 20;

}  // namespace plumbline
