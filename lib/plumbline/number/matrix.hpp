// What every algebra of numbers stores: dense matrices, row by row.
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "plumbline/base/parallel.hpp"

namespace plumbline {

// A dense matrix of S whose rows lie one behind the other.
template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Entry by entry. From double it is exact in every supported scalar but float; to a type of fewer digits each
// entry is rounded to nearest.
template <class To, class From>
Matrix<To> cast(const Matrix<From>& x) {
  Matrix<To> y(x.rows(), x.cols());
  const auto some = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y.data()[i] = static_cast<To>(x.data()[i]);
  };
  if constexpr (std::is_arithmetic_v<To> && std::is_arithmetic_v<From>)
    in_parts(x.size(), some);
  else
    some(0, x.size());
  return y;
}

}  // namespace plumbline
