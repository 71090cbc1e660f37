#include "plumbline/base/four.hpp"
#include "plumbline/number/multiply.hpp"

namespace plumbline {
namespace {

// The products of `rows` rows of x with `cols` rows of y, of k entries each.
template <int rows, int cols>
PLUMBLINE_INLINE void dots(const double* x, const double* y, std::ptrdiff_t k, double* z,
                           std::ptrdiff_t stride) {
  Four sums[rows][cols] = {};
  std::ptrdiff_t t = 0;
  for (; t + 4 <= k; t += 4)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < cols; ++j) sums[i][j] += four(x + i * k + t) * four(y + j * k + t);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < cols; ++j) {
      double sum = sum_of(sums[i][j]);
      for (std::ptrdiff_t u = t; u < k; ++u) sum += x[i * k + u] * y[j * k + u];
      z[i * stride + j] = sum;
    }
}

template <int cols>
PLUMBLINE_INLINE void all_rows(const double* x, const double* y, int n, std::ptrdiff_t k, double* z,
                               std::ptrdiff_t stride) {
  int i = 0;
  for (; i + 3 <= n; i += 3) dots<3, cols>(x + i * k, y, k, z + i * stride, stride);
  for (; i < n; ++i) dots<1, cols>(x + i * k, y, k, z + i * stride, stride);
}

}  // namespace

// Twelve sums, three rows and one of four fit sixteen registers.
PLUMBLINE_FUSED void multiply_few_rows(const double* x, const double* y, int n, int m, int k, double* z,
                                       int stride) {
  int j = 0;
  for (; j + 4 <= m; j += 4) all_rows<4>(x, y + j * std::ptrdiff_t(k), n, k, z + j, stride);
  for (; j < m; ++j) all_rows<1>(x, y + j * std::ptrdiff_t(k), n, k, z + j, stride);
}

}  // namespace plumbline
