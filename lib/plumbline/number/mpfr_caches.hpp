// MPFR keeps constants and free memory for each thread, and leaves them behind when the thread ends. Workers
// of the thread pool live as long as the program; threads that a report starts and ends have one of these.
#pragma once

#include <mpfr.h>

namespace plumbline {

// Stands first in a thread that computes in multiprecision; gives back what that thread had cached.
struct MpfrCaches {
  // Frees the caches of the thread that it runs in.
  ~MpfrCaches() { mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE); }
};

}  // namespace plumbline
