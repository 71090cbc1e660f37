// Products by a library against sums in long double: every form, on both sides of the size from which the
// library is called, split among threads along either side.
#include "plumbline/number/product.hpp"

#include <gtest/gtest.h>

#include <random>

namespace plumbline {
namespace {

struct FactorSizes {
  int rows, terms, cols;
};

template <class S>
Matrix<S> drawn_factor(std::mt19937_64& bits, int rows, int cols) {
  std::normal_distribution<double> normal;
  Matrix<S> x(rows, cols);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = S(normal(bits));
  return x;
}

// The largest error beside its bound, k u sum |x||y|; the reference loses k 2^-64 of that.
template <class S>
double worst_beside_bound(const Matrix<S>& z, const Matrix<S>& x, const Matrix<S>& y) {
  using L = Matrix<long double>;
  const L a = x.template cast<long double>(), b = y.template cast<long double>();
  const L exact = a.lazyProduct(b), sizes = a.cwiseAbs().lazyProduct(b.cwiseAbs());
  if (z.rows() != exact.rows() || z.cols() != exact.cols()) return INFINITY;
  const long double u = std::numeric_limits<S>::epsilon() / 2, share = double(x.cols()) * (u + 0x1p-64L);
  return double(
      ((z.template cast<long double>() - exact).cwiseAbs().array() / (share * sizes.array())).maxCoeff());
}

template <class S>
void try_products() {
  std::mt19937_64 bits(9);
  for (const FactorSizes n : {FactorSizes{1, 1, 1},
                              {5, 7, 3},
                              {64, 64, 63},
                              {64, 64, 64},
                              {3, 4096, 65},
                              {257, 65, 129},
                              {1, 700, 700},
                              {2, 1027, 130},
                              {16, 301, 67},
                              {17, 301, 67},
                              {1, 4096, 64},
                              {700, 700, 1}})
    for (const int threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message()
                   << n.rows << " " << n.terms << " " << n.cols << ", threads " << threads);
      const auto x = drawn_factor<S>(bits, n.rows, n.terms), y = drawn_factor<S>(bits, n.terms, n.cols);
      EXPECT_LE(worst_beside_bound<S>(product(x, y, threads), x, y), 1);
      EXPECT_LE(worst_beside_bound<S>(product_by_transpose(x, Matrix<S>(y.transpose()), threads), x, y), 1);
      EXPECT_LE(worst_beside_bound<S>(product_of_transpose(Matrix<S>(x.transpose()), y, threads), x, y), 1);
    }
}

TEST(Product, EveryFormIsWithinTheBoundOfItsSums) {
  try_products<double>();
  try_products<float>();
  try_products<long double>();
}

}  // namespace
}  // namespace plumbline
