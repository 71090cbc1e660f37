// Loops over vectors, compiled for those of two and those of four doubles; the processor takes the wider one
// that it has. Fused operations are off, so both have the same bits but for the order of sums.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PLUMBLINE_WIDER __attribute__((target_clones("avx2", "default")))
// With fused operations where the processor has them; for files that are compiled with -ffp-contract=fast.
#define PLUMBLINE_FUSED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define PLUMBLINE_WIDER
#define PLUMBLINE_FUSED
#endif
#define PLUMBLINE_INLINE __attribute__((always_inline)) inline

// The rounds of the loop that follows do not read what others of them write. Unlike "omp simd" this leaves
// structs of doubles that a round has in registers.
#if defined(__clang__)
#define PLUMBLINE_INDEPENDENT
#else
#define PLUMBLINE_INDEPENDENT _Pragma("GCC ivdep")
#endif
