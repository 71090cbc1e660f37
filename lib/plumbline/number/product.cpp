#include "plumbline/number/product.hpp"

#include <cblas.h>

#include <type_traits>

#include "plumbline/base/parallel.hpp"
#include "plumbline/number/multiply.hpp"

namespace plumbline {
namespace {

// Below so many multiply-adds little is won, and Eigen's sums come in one order on every processor.
constexpr double worth_a_call = 64 * 64 * 64;

// Up to so many rows OpenBLAS copies the right matrix longer than it multiplies.
constexpr int few_rows = 16;

// Work is split among our own threads, over members and rows; a call that started more would be in their way.
const bool on_one_thread = [] {
  openblas_set_num_threads(1);
  return true;
}();

// A matrix as the library reads it: transposed or not, its rows `stride` entries apart.
template <class S>
struct Operand {
  const S* data;
  CBLAS_TRANSPOSE transposed;
  int stride;

  // The rows, or the columns, from n on of what it stands for.
  Operand from_row(int n) const {
    return {data + (transposed == CblasTrans ? n : n * std::ptrdiff_t(stride)), transposed, stride};
  }
  Operand from_col(int n) const {
    return {data + (transposed == CblasTrans ? n * std::ptrdiff_t(stride) : n), transposed, stride};
  }
};

void multiply(const Operand<double>& x, const Operand<double>& y, int n, int m, int k, double* z,
              int stride) {
  if (n <= few_rows && x.transposed == CblasNoTrans && y.transposed == CblasTrans)
    multiply_few_rows(x.data, y.data, n, m, k, z, stride);
  else
    cblas_dgemm(CblasRowMajor, x.transposed, y.transposed, n, m, k, 1, x.data, x.stride, y.data, y.stride, 0,
                z, stride);
}
void multiply(const Operand<float>& x, const Operand<float>& y, int n, int m, int k, float* z, int stride) {
  cblas_sgemm(CblasRowMajor, x.transposed, y.transposed, n, m, k, 1, x.data, x.stride, y.data, y.stride, 0, z,
              stride);
}

// Split along the longer side of the result.
template <class S>
void multiply_in_parts(const Operand<S>& x, const Operand<S>& y, int n, int m, int k, S* z, int threads) {
  in_parallel(threads, threads, [&](int t) {
    const auto begin = [&](int all, int part) { return int(std::int64_t(all) * part / threads); };
    if (n >= m) {
      const int first = begin(n, t), count = begin(n, t + 1) - first;
      if (count > 0) multiply(x.from_row(first), y, count, m, k, z + std::ptrdiff_t(first) * m, m);
    } else {
      const int first = begin(m, t), count = begin(m, t + 1) - first;
      if (count > 0) multiply(x, y.from_col(first), n, count, k, z + first, m);
    }
  });
}

// op(x) op(y) by the library; false where that is not worth it, or where it has no such numbers.
template <class S>
bool by_library(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, const Matrix<S>& x, const Matrix<S>& y, Matrix<S>& z,
                int threads) {
  if constexpr (std::is_same_v<S, double> || std::is_same_v<S, float>) {
    const int n = int(tx == CblasTrans ? x.cols() : x.rows()),
              k = int(tx == CblasTrans ? x.rows() : x.cols()),
              m = int(ty == CblasTrans ? y.rows() : y.cols());
    if (!on_one_thread || double(n) * m * k < worth_a_call) return false;
    z.resize(n, m);
    const Operand<S> left{x.data(), tx, int(x.cols())}, right{y.data(), ty, int(y.cols())};
    if (threads > 1)
      multiply_in_parts(left, right, n, m, k, z.data(), threads);
    else
      multiply(left, right, n, m, k, z.data(), m);
    return true;
  }
  return false;
}

}  // namespace

template <class S>
Matrix<S> product(const Matrix<S>& x, const Matrix<S>& y, int threads) {
  Matrix<S> z;
  if (by_library(CblasNoTrans, CblasNoTrans, x, y, z, threads)) return z;
  return x * y;
}

template <class S>
Matrix<S> product_by_transpose(const Matrix<S>& x, const Matrix<S>& y, int threads) {
  Matrix<S> z;
  if (by_library(CblasNoTrans, CblasTrans, x, y, z, threads)) return z;
  return x * y.transpose();
}

template <class S>
Matrix<S> product_of_transpose(const Matrix<S>& x, const Matrix<S>& y, int threads) {
  Matrix<S> z;
  if (by_library(CblasTrans, CblasNoTrans, x, y, z, threads)) return z;
  return x.transpose() * y;
}

void multiply(const MatrixAt& x, const MatrixAt& y, int n, int m, int k, double* z, int stride, bool adds) {
  const auto as_it_is = [](const MatrixAt& a) { return a.is_transposed ? CblasTrans : CblasNoTrans; };
  if (on_one_thread)
    cblas_dgemm(CblasRowMajor, as_it_is(x), as_it_is(y), n, m, k, 1, x.data, x.stride, y.data, y.stride, adds,
                z, stride);
}

#define PLUMBLINE_INSTANTIATE(S)                                                    \
  template Matrix<S> product(const Matrix<S>&, const Matrix<S>&, int);              \
  template Matrix<S> product_by_transpose(const Matrix<S>&, const Matrix<S>&, int); \
  template Matrix<S> product_of_transpose(const Matrix<S>&, const Matrix<S>&, int);
PLUMBLINE_INSTANTIATE(float)
PLUMBLINE_INSTANTIATE(double)
PLUMBLINE_INSTANTIATE(long double)
#undef PLUMBLINE_INSTANTIATE

}  // namespace plumbline
