// How laws compare: identities by the enclosure of their residual, bounds by their enclosures' ends. Each
// comparison notes in the ledger how sharp it was.
#pragma once

#include <rapidcheck.h>

#include "properties/subjects/subject.hpp"

namespace plumbline::properties {

// 0 may be the value: the identity is not refuted. It must be bounded, or nothing was shown. `scale` is the
// size of what was subtracted; the width is noted relative to it.
bool vanishes(const Matrix<I>& residual, const End& scale = 1);
bool vanishes(const I& residual, const End& scale = 1);

// x and y may be the same, entry by entry.
bool equal(const Matrix<I>& x, const Matrix<I>& y);
bool equal(const I& x, const I& y);

// x may be at most the bound.
bool at_most(const I& x, const I& bound);

Matrix<I> product(const Matrix<I>& x, const Matrix<I>& y);
I pow(const I& x, const I& y);  // exp(y ln x)
I mean(const Matrix<I>& row);
I mean_square(const Matrix<I>& row);
I variance(const Matrix<I>& row);
I dot(const Matrix<I>& x, const Matrix<I>& y);
I frobenius(const Matrix<I>& x);
End largest_entry(const Matrix<I>& x);  // of the largest entry

// x with c_t added to every channel of row t.
Matrix<I> shifted(const Matrix<I>& x, const Matrix<I>& c);
Matrix<I> identity(Eigen::Index n);
Matrix<I> filled(Eigen::Index rows, Eigen::Index cols, int value);

}  // namespace plumbline::properties
