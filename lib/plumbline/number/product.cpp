#include "plumbline/number/product.hpp"

#include <cblas.h>

#include <type_traits>

namespace plumbline {
namespace {

// Below so many multiply-adds little is won, and Eigen's sums come in one order on every processor.
constexpr double worth_a_call = 64 * 64 * 64;

// Work is split among our own threads, over members and rows; a call that started more would be in their way.
const bool on_one_thread = [] {
  openblas_set_num_threads(1);
  return true;
}();

void multiply(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int n, int m, int k, const double* x, int ldx, const double* y,
              int ldy, double* z) {
  cblas_dgemm(CblasRowMajor, tx, ty, n, m, k, 1, x, ldx, y, ldy, 0, z, m);
}
void multiply(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, int n, int m, int k, const float* x, int ldx, const float* y,
              int ldy, float* z) {
  cblas_sgemm(CblasRowMajor, tx, ty, n, m, k, 1, x, ldx, y, ldy, 0, z, m);
}

// op(x) op(y) by the library; nothing where that is not worth it, or where it has no such numbers.
template <class S>
bool by_library(CBLAS_TRANSPOSE tx, CBLAS_TRANSPOSE ty, const Matrix<S>& x, const Matrix<S>& y, Matrix<S>& z) {
  if constexpr (std::is_same_v<S, double> || std::is_same_v<S, float>) {
    const int n = int(tx == CblasTrans ? x.cols() : x.rows()), k = int(tx == CblasTrans ? x.rows() : x.cols()),
              m = int(ty == CblasTrans ? y.rows() : y.cols());
    if (!on_one_thread || double(n) * m * k < worth_a_call) return false;
    z.resize(n, m);
    multiply(tx, ty, n, m, k, x.data(), int(x.cols()), y.data(), int(y.cols()), z.data());
    return true;
  }
  return false;
}

}  // namespace

template <class S>
Matrix<S> product(const Matrix<S>& x, const Matrix<S>& y) {
  Matrix<S> z;
  if (by_library(CblasNoTrans, CblasNoTrans, x, y, z)) return z;
  return x * y;
}

template <class S>
Matrix<S> product_by_transpose(const Matrix<S>& x, const Matrix<S>& y) {
  Matrix<S> z;
  if (by_library(CblasNoTrans, CblasTrans, x, y, z)) return z;
  return x * y.transpose();
}

template <class S>
Matrix<S> product_of_transpose(const Matrix<S>& x, const Matrix<S>& y) {
  Matrix<S> z;
  if (by_library(CblasTrans, CblasNoTrans, x, y, z)) return z;
  return x.transpose() * y;
}

#define PLUMBLINE_INSTANTIATE(S)                                             \
  template Matrix<S> product(const Matrix<S>&, const Matrix<S>&);            \
  template Matrix<S> product_by_transpose(const Matrix<S>&, const Matrix<S>&); \
  template Matrix<S> product_of_transpose(const Matrix<S>&, const Matrix<S>&);
PLUMBLINE_INSTANTIATE(float)
PLUMBLINE_INSTANTIATE(double)
PLUMBLINE_INSTANTIATE(long double)
#undef PLUMBLINE_INSTANTIATE

}  // namespace plumbline
