#include "plumbline/algebra/each.hpp"

#include <gtest/gtest.h>

namespace plumbline {
namespace {

using Many = Each<Plain<double>>;

// Small whole numbers, so that products have no rounding.
Matrix<double> whole(int rows, int cols, int seed) {
  Matrix<double> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = double((i * 7919 + seed) % 17 - 8);
  return x;
}

TEST(Each, RowsOfManyTimesOneLargeMatrixAreThoseOfEach) {
  const Many a;
  const Many::Tensor x{{whole(3, 1024, 1), whole(3, 1024, 2), whole(3, 1024, 3)}}, y{{whole(1024, 1024, 4)}};
  const Many::Tensor product = a.matmul(x, y), by_transpose = a.matmul_by_transpose(x, y);
  ASSERT_EQ(product.list.size(), 3u);
  ASSERT_EQ(by_transpose.list.size(), 3u);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(product.of(k), x.of(k) * y.of(0)) << k;
    EXPECT_EQ(by_transpose.of(k), x.of(k) * y.of(0).transpose()) << k;
  }
}

}  // namespace
}  // namespace plumbline
