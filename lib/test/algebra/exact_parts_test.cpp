// Factors taken apart: nothing of them is lost, and sums of products of parts are exact in double.
#include "plumbline/algebra/exact_parts.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "plumbline/number/interval.hpp"

namespace plumbline {
namespace {

constexpr int bits = 23, parts = 3;

// Numbers of many sizes, some 0, with low halves or without; a line of small ones and one of large ones.
BallMatrix balls_to_take_apart(bool has_low) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> exponent(-40, 0), half(-1, 1);
  BallMatrix x{Matrix<double>(9, 37)};
  if (has_low) x.low = x.rad = Matrix<double>::Zero(9, 37);
  for (Eigen::Index i = 0; i < x.mid.size(); ++i) {
    const Eigen::Index row = i / 37;
    const double size = row == 0 ? 0x1p-1050 : row == 1 ? 0x1p480 : 1;
    x.mid.data()[i] = i % 11 == 0 ? 0 : normal(random) * std::exp2(exponent(random)) * size;
    if (!has_low) continue;
    x.low.data()[i] = 0x1p-53 * half(random) * std::abs(x.mid.data()[i]);
    x.rad.data()[i] = 0x1p-70 * std::abs(x.mid.data()[i]);
  }
  return x;
}

struct TakenApart {
  std::vector<Matrix<double>> part, left;
  LineNorms norms;
};
TakenApart taken_apart(const Lines& x) {
  const Matrix<double> empty(x.of.mid.rows(), x.of.mid.cols());
  TakenApart t{std::vector(parts, empty), std::vector(parts, empty), {}};
  PartsAt to{{}, {}, empty.cols()};
  for (int k = 0; k < parts; ++k) to.part.push_back(t.part[k].data()), to.left.push_back(t.left[k].data());
  t.norms = take_apart(x, 0, x.count(), bits, to);
  return t;
}

// body(lines, what they are as rows of `matrix`) for points and balls, rows and columns.
template <class Body>
void for_all_lines(const Body& body) {
  for (const bool has_low : {false, true})
    for (const bool are_rows : {true, false}) {
      const BallMatrix rows = balls_to_take_apart(has_low);
      const BallMatrix cols{rows.mid.transpose(), rows.low.transpose(), rows.rad.transpose()};
      const Lines lines{are_rows ? rows : cols, are_rows};
      const auto entry = [&](const Matrix<double>& m, Eigen::Index line, Eigen::Index j) {
        return are_rows ? m(line, j) : m(j, line);
      };
      body(lines, taken_apart(lines), entry);
    }
}

TEST(ExactParts, AndWhatIsLeftAreTheNumber) {
  for_all_lines([](const Lines& x, const TakenApart& t, const auto& entry) {
    for (Eigen::Index line = 0; line < x.count(); ++line)
      for (Eigen::Index j = 0; j < x.terms(); ++j) {
        End rest = End(entry(x.of.mid, line, j)) + (x.of.is_exact() ? End(0) : End(entry(x.of.low, line, j)));
        for (int k = 0; k < parts; ++k) {
          rest -= entry(t.part[k], line, j);
          const double left = entry(t.left[k], line, j);
          const End lost = abs(End(rest - left));
          ASSERT_LE(lost, End(x.of.is_exact() ? 0 : 0x1p-53 * std::abs(left)))
              << line << " " << j << " " << k;
        }
      }
  });
}

// Multiples of one power of two by line, so few that a sum of 2^(55 - 2 bits) products of two parts is at
// most 2^53 times the product of both powers: such sums are exact in any order.
TEST(ExactParts, AreSoFewBitsThatSumsOfProductsAreExact) {
  for_all_lines([](const Lines& x, const TakenApart& t, const auto& entry) {
    for (Eigen::Index line = 1; line < x.count(); ++line) {
      double largest = 0;
      for (Eigen::Index j = 0; j < x.terms(); ++j)
        largest = std::max(largest, std::abs(entry(x.of.mid, line, j)));
      int e = 0;
      std::frexp(largest, &e);
      for (int k = 0; k < parts; ++k)
        for (Eigen::Index j = 0; j < x.terms(); ++j) {
          const double count = std::ldexp(entry(t.part[k], line, j), (k + 1) * bits - e - 1);
          ASSERT_EQ(count, std::trunc(count)) << line << " " << j << " " << k;
          ASSERT_LE(std::abs(count), std::ldexp(1, bits - 1)) << line << " " << j << " " << k;
        }
    }
  });
}

TEST(ExactParts, NormsAreUpperBoundsAndNear) {
  for_all_lines([](const Lines& x, const TakenApart& t, const auto& entry) {
    for (Eigen::Index line = 0; line < x.count(); ++line)
      for (int k = 0; k <= parts; ++k) {
        End squares = 0;
        for (Eigen::Index j = 0; j < x.terms(); ++j) {
          const End v = entry(k == 0 ? x.of.mid : t.left[k - 1], line, j);
          squares += v * v;
        }
        const double norm = t.norms.left[k][line];
        ASSERT_GE(End(norm) * norm, squares) << line << " " << k;
        if (squares > 0x1p-900) {
          ASSERT_LE(End(norm) * norm, squares * (1 + 0x1p-40)) << line << " " << k;
        }
        if (squares > 0) {
          ASSERT_TRUE(t.norms.is_something[k]) << k;
        }
      }
  });
}

TEST(ExactParts, OfShortNumbersNothingIsLeft) {
  BallMatrix x{Matrix<double>(2, 3)};
  x.mid << 1, -3, 0x1p-18, 5, 7, 0;
  const TakenApart t = taken_apart({x, true});
  EXPECT_EQ(t.norms.is_something, (std::vector<bool>{true, false, false, false}));
}

}  // namespace
}  // namespace plumbline
