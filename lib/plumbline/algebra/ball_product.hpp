// The product of two matrices of balls by a library's products of doubles.
#pragma once

#include "plumbline/algebra/balls.hpp"

namespace plumbline {

// Which factor is meant transposed.
struct Transposed {
  bool left = false, right = false;
};

// x y, with either factor transposed, split among so many threads. The factor with more lines is taken apart
// some lines at a time.
//   formula: with n products to each sum, b = (55 - log2 n) / 2 bits and L = `exact_parts`, each row of x is
//     X1 + ... + XL + R: Xi multiples of 2^-ib times a power of two above the row, so that sums of n products
//     of two parts are exact in double, in any order and fused or not; likewise each column of y, Y1 + ... +
//     YL + S. Then x y is the sum of Xi Yj for i + j <= L + 1, which are exact, of Xi (Y(L+2-i) + ... + S),
//     and of R y: (L + 1)(L + 2) / 2 calls of the library at most, as parts that are 0 are left out
//   bound: with |x| a row's Euclidean norm, Ri what is left after i parts, |Xi| <= |R(i-1)| + |Ri|, and with
//     k = n + L + 2 and g = k u / (1 - k u) + 16 u the last L + 1 products, each added to the one before,
//     lose g |Xi| |S(L+1-i)| and g |R| |y|, 16 u for what the doubles that are left lack of them. The sum of
//     all loses 8 u of what its additions lose, which is small and known. Radii r of x and s of y add
//     |x| |s| + |r| (|y| + |s|) (Cauchy and Schwarz), in work of order n^2; for L >= 3 the products of
//     matrices themselves, entry by entry, which a block's gradients need: two more calls
//   source: K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Error-free transformations of matrix multiplication by
//     using fast routines of matrix multiplication (2012)
BallMatrix ball_product(const BallMatrix& x, const BallMatrix& y, Transposed transposed, int exact_parts,
                        int threads);

}  // namespace plumbline
