// The matrices that mix the streams of manifold-constrained hyper-connections (mHC): how far they are from
// doubly stochastic, as Sinkhorn's iteration leaves them and as a convex sum of permutations.
#pragma once

#include <cstdint>

#include "plumbline/cases/drawing.hpp"

namespace plumbline {

// C from logits [n, n].
//   formula: C = softmax of each row + eps; divided by (column sums + eps); then `iterations` - 1 times by
//     (row sums + eps) and by (column sums + eps); eps = 1e-6
//   source: arXiv 2512.24880; transformers, modeling_deepseek_v4.py, 20 iterations
Matrix<double> sinkhorn_mixer(const Matrix<double>& logits, int iterations = 20);

// C = sum over all n! permutation matrices P of softmax(logits)_P P.
//   shapes: logits [1, n!] -> [n, n]
//   source: mHC-lite, arXiv 2601.05732
Matrix<double> permutation_mixer(const Matrix<double>& logits, int n);

// The largest of each over the mixers of one seed: n = 4, independent normal logits of standard deviation
// `sigma`, 10 products of 60 mixers, one for each site of a model. Streams are mixed as X'_k = sum_j C[j, k]
// X_j, so that a gradient passes through C, and C 1 is what becomes of gradients that are alike.
struct MixerRun {
  double row_gap = 0, column_gap = 0;  // |sum - 1|
  double row_gap_99 = 0;               // what 99 of 100 row gaps are below
  double column_sum = 0;
  double norm = 0;             // spectral, of one mixer
  double product_row_sum = 0;  // of the product of 60
  double product_norm = 0;
  double transposed = 0;  // |sum_j C[k, j] x - sum_j C[j, k] x| / |x|: streams alike, mixed the wrong way
};

// Deterministic for a seed, but for the last bits of exp.
MixerRun sinkhorn_run(double sigma, std::uint64_t seed);
MixerRun permutation_run(double sigma, std::uint64_t seed);

}  // namespace plumbline
