// Products of matrices of balls against exact ones: every ball holds its entry, whatever point of the factors
// is taken, and none is wider than its bound has to be.
#include "plumbline/algebra/ball_product.hpp"

#include <gtest/gtest.h>

#include <random>

#include "plumbline/number/interval.hpp"

namespace plumbline {
namespace {

using Enclosures = Matrix<Interval120>;

// Entries with exponents that spread so far, rows and columns of different sizes.
BallMatrix drawn_balls(std::mt19937_64& bits, int rows, int cols, double spread, double low, double radius) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> exponent(-spread, spread);
  BallMatrix x{Matrix<double>(rows, cols), Matrix<double>(rows, cols), Matrix<double>(rows, cols)};
  for (Eigen::Index i = 0; i < x.mid.size(); ++i) {
    x.mid.data()[i] = normal(bits) * std::exp2(exponent(bits));
    x.low.data()[i] = x.mid.data()[i] * low * normal(bits) * 0x1p-56;
    x.rad.data()[i] = std::abs(x.mid.data()[i]) * radius;
  }
  if (low == 0 && radius == 0) x.low.resize(0, 0), x.rad.resize(0, 0);
  return x;
}

// A point of each ball: the middle plus `side` radii, of alternating sign where `alternates`.
Enclosures point_of(const BallMatrix& x, double side) {
  Enclosures y(x.mid.rows(), x.mid.cols());
  for (Eigen::Index i = 0; i < x.mid.size(); ++i) {
    const Ball b = x.at(i);
    const double towards = b.mid < 0 ? -side : side;  // away from 0: all errors add up
    y.data()[i] = Interval120(b.mid) + Interval120(b.low) + Interval120(towards) * Interval120(b.rad);
  }
  return y;
}

// The largest error beside its radius.
double worst_share(const BallMatrix& z, const Enclosures& exact) {
  double most = 0;
  for (Eigen::Index i = 0; i < exact.size(); ++i) {
    const Ball b = z.at(i);
    EXPECT_TRUE(b.is_bounded());
    const End error = magnitude(exact.data()[i] - Interval120(b.mid) - Interval120(b.low));
    most = std::max(most, b.rad > 0 ? static_cast<double>(End(error / b.rad)) : error == 0 ? 0 : INFINITY);
  }
  return most;
}

struct ProductSizes {
  int rows, terms, cols;
};

TEST(BallProduct, HoldsTheExactProductOfEveryFormAndIsNear) {
  std::mt19937_64 bits(4);
  for (const ProductSizes n :
       {ProductSizes{3, 1, 2}, ProductSizes{5, 37, 4}, ProductSizes{4, 900, 3}, ProductSizes{70, 70, 70}})
    for (const double spread : {0.0, 3.0, 30.0})
      for (const int parts : {1, 2, 3}) {
        const BallMatrix x = drawn_balls(bits, n.rows, n.terms, spread, 1, 0),
                         y = drawn_balls(bits, n.terms, n.cols, spread, 1, 0);
        const BallMatrix xt{x.mid.transpose(), x.low.transpose(), x.rad.transpose()},
            yt{y.mid.transpose(), y.low.transpose(), y.rad.transpose()};
        const Enclosures exact = point_of(x, 0).lazyProduct(point_of(y, 0));
        for (const BallMatrix& z :
             {ball_product(x, y, {}, parts, 1), ball_product(xt, y, {.left = true}, parts, 2),
              ball_product(x, yt, {.right = true}, parts, 2)}) {
          EXPECT_LE(worst_share(z, exact), 1) << n.terms << " " << spread << " " << parts;
          if (n.terms > 30 && spread == 0) {
            EXPECT_GE(worst_share(z, exact), 0x1p-16) << n.terms << " " << parts;
          }
        }
      }
}

// All terms of one sign and nearly as large as the largest: sums of exact parts come as near 2^53 as any do.
TEST(BallProduct, SumsOfExactPartsAreExactWhereTheyAreLargest) {
  std::mt19937_64 bits(5);
  std::uniform_real_distribution<double> near_one(0.99, 1);
  for (const int terms : {64, 511, 4096}) {
    BallMatrix x{Matrix<double>(2, terms)}, y{Matrix<double>(terms, 2)};
    for (BallMatrix* m : {&x, &y})
      for (Eigen::Index i = 0; i < m->mid.size(); ++i) m->mid.data()[i] = near_one(bits);
    for (const int parts : {1, 2, 3})
      EXPECT_LE(worst_share(ball_product(x, y, {}, parts, 1), point_of(x, 0).lazyProduct(point_of(y, 0))), 1)
          << terms << " " << parts;
  }
}

TEST(BallProduct, RadiiOfEitherFactorReachTheProduct) {
  std::mt19937_64 bits(6);
  for (const auto& [of_x, of_y] : {std::pair{0x1p-20, 0.0}, {0.0, 0x1p-20}, {0x1p-3, 0x1p-3}}) {
    const BallMatrix x = drawn_balls(bits, 3, 1, 2, 0, of_x), y = drawn_balls(bits, 1, 4, 2, 0, of_y);
    const BallMatrix z = ball_product(x, y, {}, 2, 1);
    for (const double side : {-1.0, -0.3, 0.0, 1.0}) {
      const double reached = worst_share(z, point_of(x, side).lazyProduct(point_of(y, side)));
      EXPECT_LE(reached, 1) << side;
      if (side == 1) {
        EXPECT_GE(reached, 0.99);
      }  // a sum of one product is no wider than it has to be
    }
  }
}

// Where all entries and all radii are alike nothing is lost by norms either: no radius is wider than it has
// to be.
TEST(BallProduct, RadiiOfBothFactorsAreAsWideAsTheyHaveToBe) {
  std::mt19937_64 bits(7);
  std::uniform_real_distribution<double> near_one(1, 1 + 0x1p-20);
  for (const ProductSizes n : {ProductSizes{3, 50, 20}, ProductSizes{20, 50, 3}})
    for (const auto& [of_x, of_y] : {std::pair{0x1p-3, 0.0}, {0.0, 0x1p-3}, {0x1p-3, 0x1p-3}})
      for (const int parts : {1, 2, 3}) {
        BallMatrix x = drawn_balls(bits, n.rows, n.terms, 0, 0, of_x),
                   y = drawn_balls(bits, n.terms, n.cols, 0, 0, of_y);
        for (BallMatrix* m : {&x, &y}) {
          for (double& v : m->mid.reshaped()) v = near_one(bits);
          if (!m->is_exact()) m->rad.setConstant(m == &x ? of_x : of_y);
        }
        const double reached =
            worst_share(ball_product(x, y, {}, parts, 2), point_of(x, 1).lazyProduct(point_of(y, 1)));
        EXPECT_LE(reached, 1) << parts;
        EXPECT_GE(reached, 0.99) << parts;
      }
}

// With few bits in one factor one of the products is not exact, with few in both the sum of them alone.
TEST(BallProduct, EachErrorAloneIsHeld) {
  std::mt19937_64 bits(10);
  const auto shortened = [](BallMatrix x, int to) {
    for (double& v : x.mid.reshaped()) v = std::ldexp(std::round(std::ldexp(v, to)), -to);
    return x;
  };
  for (const ProductSizes n : {ProductSizes{8, 60, 30}, ProductSizes{30, 60, 8}})
    for (const int parts : {1, 2, 3}) {
      const BallMatrix x = drawn_balls(bits, n.rows, n.terms, 0, 0, 0),
                       y = drawn_balls(bits, n.terms, n.cols, 0, 1, 0);
      const BallMatrix short_x = shortened(x, 10), short_y = shortened({y.mid}, 10);
      const BallMatrix longer_x = shortened(x, 38), longer_y = shortened({y.mid}, 38);
      for (const auto& [a, b] : {std::pair{short_x, y}, {x, short_y}, {longer_x, longer_y}})
        EXPECT_LE(worst_share(ball_product(a, b, {}, parts, 1), point_of(a, 0).lazyProduct(point_of(b, 0))),
                  1)
            << parts;
    }
}

// Rows far from 0, nearly constant, with one large entry, below the normal range and near the largest number.
TEST(BallProduct, HoldsAllPointsOfAdverseFactors) {
  std::mt19937_64 bits(13);
  const auto spiked = [](BallMatrix x) {
    for (Eigen::Index i = 0; i < x.mid.rows(); ++i) x.mid(i, i % x.mid.cols()) = 0x1p40;
    return x;
  };
  const auto moved = [](BallMatrix x, double to, double scale) {
    x.mid = (x.mid.array() * scale + to).matrix();
    return x;
  };
  const auto scaled = [](BallMatrix x, double by) {
    for (Matrix<double>* m : {&x.mid, &x.low, &x.rad}) *m *= by;
    return x;
  };
  for (const ProductSizes n : {ProductSizes{3, 50, 40}, ProductSizes{40, 50, 3}})
    for (const double radius : {0x1p-60, 0x1p-30}) {
      const BallMatrix x = drawn_balls(bits, n.rows, n.terms, 1, 1, radius),
                       y = drawn_balls(bits, n.terms, n.cols, 1, 1, radius);
      for (const BallMatrix& adverse : {moved(x, 1e6, 1), moved(x, 1, 0x1p-30), spiked(x),
                                        scaled(x, 0x1p-1050), scaled(x, 0x1p-530), scaled(x, 0x1p490)})
        for (const int parts : {1, 2, 3}) {
          const double by = adverse.mid.maxCoeff() > 0x1p400 ? 0x1p480 : 1;
          const BallMatrix other = scaled(y, by);
          const BallMatrix z = ball_product(adverse, other, {}, parts, 2);
          for (const double side : {-1.0, 0.0, 1.0})
            EXPECT_LE(worst_share(z, point_of(adverse, side).lazyProduct(point_of(other, side))), 1)
                << parts << " " << side << " " << adverse.mid(0, 0);
        }
    }
}

TEST(BallProduct, BelowTheNormalRangeAndBeyondTheLargestNumber) {
  std::mt19937_64 bits(8);
  BallMatrix x = drawn_balls(bits, 2, 70, 1, 1, 0), y = drawn_balls(bits, 70, 2, 1, 1, 0);
  for (Matrix<double>* m : {&x.mid, &x.low, &y.mid, &y.low}) *m *= 0x1p-520;
  EXPECT_LE(worst_share(ball_product(x, y, {}, 2, 1), point_of(x, 0).lazyProduct(point_of(y, 0))), 1);
  for (Matrix<double>* m : {&x.mid, &y.mid}) *m *= 0x1p1000, *m *= 0x1p40;
  const BallMatrix z = ball_product(x, y, {}, 2, 1);
  for (Eigen::Index i = 0; i < z.mid.size(); ++i) EXPECT_FALSE(z.at(i).is_bounded());
}

}  // namespace
}  // namespace plumbline
