#include "plumbline/algebra/ball_product.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/base/parallel.hpp"
#include "plumbline/number/product.hpp"

namespace plumbline {
namespace {

using M = Matrix<double>;
using Norms = std::vector<double>;  // by line: by row, or by column
constexpr double u = Ball::u;

// n u / (1 - n u), rounded up.
double gamma(double n) { return n * u / (1 - n * u) * (1 + 4 * u); }

// Upper bounds of Euclidean norms. Squares may be lost below the normal range, 2^-1074 each.
Norms norms(const M& x, bool of_rows) {
  Norms squares(std::size_t(of_rows ? x.rows() : x.cols()), 0.0);
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const double* row = x.data() + i * x.cols();
    double *by_col = squares.data(), sum = 0;
    if (of_rows) {
#pragma omp simd reduction(+ : sum)
      for (Eigen::Index j = 0; j < x.cols(); ++j) sum += row[j] * row[j];
      squares[std::size_t(i)] = sum;
    } else {
#pragma omp simd
      for (Eigen::Index j = 0; j < x.cols(); ++j) by_col[j] += row[j] * row[j];
    }
  }
  const double terms = double(of_rows ? x.cols() : x.rows());
  for (double& s : squares) s = std::sqrt(s * (1 + 2 * gamma(terms)) + terms * 0x1p-1074) * (1 + 4 * u);
  return squares;
}

// A factor in parts along the lines that are summed over. after[i] is the sum of all parts from part[i] on.
struct Parts {
  std::vector<M> part, after;
  std::vector<Norms> norm_after;
  std::vector<bool> nothing_after;
  Norms radius;
};

// So many bits that n products of two whole numbers up to 2^(b-1) have a sum of at most 2^53; no more than
// 26, so that the low half of a number is below half a unit of the second part.
int bits_for(double n) {
  return std::min(26, int(std::floor((55 - std::ceil(std::log2(std::max(n, 1.0)))) / 2)));
}

// By line, 2^e above it: what rounds to multiples of 2^(e - shift) by being added and taken away.
Norms rounding_to(const Norms& most, int shift) {
  Norms out;
  for (const double m : most) {
    int e = 0;
    std::frexp(m, &e);
    out.push_back(
        std::ldexp(1.5, std::max(e, -900) - shift + 52));  // below 2^-900 all is left to the last part
  }
  return out;
}

Norms largest_of(const M& x, bool of_rows) {
  Norms most(std::size_t(of_rows ? x.rows() : x.cols()), 0.0);
  for (Eigen::Index i = 0, at = 0; i < x.rows(); ++i)
    for (Eigen::Index j = 0; j < x.cols(); ++j, ++at) {
      double& m = most[std::size_t(of_rows ? i : j)];
      m = std::max(m, std::abs(x.data()[at]));
    }
  return most;
}

// Every subtraction is exact; `after` is a double, so u of it is lost.
Parts split(const BallMatrix& x, bool by_rows, int bits, int exact_parts) {
  Parts p;
  const Norms most = largest_of(x.mid, by_rows);
  M high = x.mid, low = x.is_exact() ? M(M::Zero(high.rows(), high.cols())) : x.low;
  for (int k = 0; k <= exact_parts; ++k) {
    p.after.push_back(k == 0 ? x.mid : M(high + low));
    p.norm_after.push_back(norms(p.after.back(), by_rows));
    p.nothing_after.push_back((p.after.back().array() == 0).all());
    if (k == exact_parts) break;
    const Norms unit = rounding_to(most, (k + 1) * bits - 1);
    p.part.emplace_back(high.rows(), high.cols());
    for (Eigen::Index i = 0, at = 0; i < high.rows(); ++i)
      for (Eigen::Index j = 0; j < high.cols(); ++j, ++at) {
        const double c = unit[std::size_t(by_rows ? i : j)];
        double &h = high.data()[at], &l = low.data()[at];
        const double taken = ((h + (k == 0 ? 0 : l)) + c) - c;
        p.part.back().data()[at] = taken;
        const TwoDoubles rest = two_sum(h - taken, l);
        h = rest.high;
        l = rest.low;
      }
  }
  p.radius = x.is_exact() ? Norms(most.size(), 0.0) : norms(x.rad, by_rows);
  return p;
}

// Exact matrices in double words, and small ones.
struct Sum {
  M high, low;

  void add(const M& x) {
    if (high.size() == 0) high = M::Zero(x.rows(), x.cols()), low = high;
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const TwoDoubles s = two_sum(high.data()[i], x.data()[i]);
      high.data()[i] = s.high;
      low.data()[i] += s.low;
    }
  }
};

}  // namespace

BallMatrix ball_product(const BallMatrix& x, const BallMatrix& y, Transposed transposed, int exact_parts,
                        int threads) {
  const double terms = double(transposed.left ? x.mid.rows() : x.mid.cols());
  Parts p, q;
  in_parallel(2, threads, [&](int i) {
    (i == 0 ? p : q) = i == 0 ? split(x, !transposed.left, bits_for(terms), exact_parts)
                              : split(y, transposed.right, bits_for(terms), exact_parts);
  });
  const auto times = [&](const M& a, const M& b) {
    return transposed.left    ? product_of_transpose(a, b, threads)
           : transposed.right ? product_by_transpose(a, b, threads)
                              : product(a, b, threads);
  };
  Sum sum;
  for (int i = 0; i < exact_parts; ++i)
    for (int j = 0; i + j < exact_parts; ++j)
      if (i + j == 0 || !(p.nothing_after[std::size_t(i)] || q.nothing_after[std::size_t(j)]))
        sum.add(times(p.part[std::size_t(i)], q.part[std::size_t(j)]));
  for (int i = 0; i <= exact_parts; ++i) {
    const std::size_t k = std::size_t(i), l = std::size_t(exact_parts - i);
    if (p.nothing_after[k] || q.nothing_after[l]) continue;
    sum.add(i == exact_parts ? times(p.after[k], y.mid) : times(p.part[k], q.after[l]));
  }

  // The last products lose g of themselves; for what `after` has lost, and the low half of y, 16 u of them;
  // the additions u of what is below 2 u |x| |y| or in the last products.
  const double g = gamma(terms + 2) + 16 * u, lost = 64 * terms * 0x1p-1074;
  BallMatrix z{std::move(sum.high), std::move(sum.low),
               M(Eigen::Index(p.radius.size()), Eigen::Index(q.radius.size()))};
  for (Eigen::Index i = 0, at = 0; i < z.mid.rows(); ++i)
    for (Eigen::Index j = 0; j < z.mid.cols(); ++j, ++at) {
      const auto of_x = [&](int k) { return p.norm_after[std::size_t(k)][std::size_t(i)]; };
      const auto of_y = [&](int k) { return q.norm_after[std::size_t(k)][std::size_t(j)]; };
      const double r = p.radius[std::size_t(i)], s = q.radius[std::size_t(j)];
      double last = 0;  // a part is no larger than twice what it was taken of
      for (int k = 0; k <= exact_parts; ++k) last += 2 * of_x(k) * of_y(exact_parts - k);
      const Ball b(two_sum(z.mid.data()[at], z.low.data()[at]),
                   Ball::grown(g * last + (1 + 4 * u) * (of_x(0) * s + r * (of_y(0) + s)) +
                               80 * u * u * of_x(0) * of_y(0) + lost));
      z.mid.data()[at] = b.mid;
      z.low.data()[at] = b.low;
      z.rad.data()[at] = b.rad;
    }
  return z;
}

}  // namespace plumbline
