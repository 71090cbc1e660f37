#include "plumbline/algebra/exact_parts.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include "plumbline/base/wider.hpp"

namespace plumbline {
namespace {

using Eigen::Index;
constexpr double u = Ball::u;

// n u / (1 - n u), rounded up.
double gamma(double n) { return n * u / (1 - n * u) * (1 + 4 * u); }

// An upper bound of a norm from a sum of so many squares, of which each may have lost 2^-1074.
double norm(double squares, double terms) {
  return std::sqrt(squares * (1 + 2 * gamma(terms)) + terms * 0x1p-1074) * (1 + 4 * u);
}

// What a number beside which others are rounded has to be, for multiples of 2^-shift of the power of two
// above `most`. Below 2^-900 all is left.
double rounding_to(double most, int shift) {
  int e = 0;
  std::frexp(most, &e);
  return std::ldexp(1.5, std::max(e, -900) - shift + 52);
}

// Of numbers: the largest absolute value, and the sum of squares.
struct Sizes {
  double largest = 0, squares = 0;
};
PLUMBLINE_WIDER Sizes sizes_of_row(const double* x, Index n) {
  double largest = 0, squares = 0;
#pragma omp simd reduction(max : largest) reduction(+ : squares)
  for (Index j = 0; j < n; ++j) {
    const double size = std::abs(x[j]);
    largest = largest < size ? size : largest;
    squares += x[j] * x[j];
  }
  return {largest, squares};
}
PLUMBLINE_WIDER void add_sizes(const double* x, Index n, double* largest, double* squares) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) {
    const double size = std::abs(x[j]);
    largest[j] = largest[j] < size ? size : largest[j];
    squares[j] += x[j] * x[j];
  }
}

// A row of memory from which a part is taken: of one line, with unit[0] and squares[0], or of a number of
// each of n lines. Returns the bits of all that is left. Every subtraction is exact.
template <bool is_line, bool has_low>
PLUMBLINE_INLINE std::uint64_t take_row(const double* x, double* low, Index n, const double* unit,
                                        double* part, double* left, double* squares) {
  double sum = 0;
  std::uint64_t bits = 0;
#pragma omp simd reduction(+ : sum) reduction(| : bits)
  for (Index j = 0; j < n; ++j) {
    const double c = unit[is_line ? 0 : j], p = (x[j] + c) - c;
    double rest = x[j] - p;
    if constexpr (has_low) {
      const TwoDoubles both = two_sum(rest, low[j]);
      rest = both.high;
      low[j] = both.low;
    }
    part[j] = p;
    left[j] = rest;
    bits |= std::bit_cast<std::uint64_t>(rest) << 1;
    if constexpr (is_line)
      sum += rest * rest;
    else
      squares[j] += rest * rest;
  }
  if constexpr (is_line) *squares += sum;
  return bits;
}

struct Row {
  const double* x;
  double* low;
  Index n;
  const double* unit;
  double *part, *left, *squares;
};
PLUMBLINE_WIDER std::uint64_t take_line(const Row& r) {
  return r.low ? take_row<true, true>(r.x, r.low, r.n, r.unit, r.part, r.left, r.squares)
               : take_row<true, false>(r.x, nullptr, r.n, r.unit, r.part, r.left, r.squares);
}
PLUMBLINE_WIDER std::uint64_t take_of_each_line(const Row& r) {
  return r.low ? take_row<false, true>(r.x, r.low, r.n, r.unit, r.part, r.left, r.squares)
               : take_row<false, false>(r.x, nullptr, r.n, r.unit, r.part, r.left, r.squares);
}

// A part of a matrix as it lies in memory: those lines.
struct Piece {
  Index rows, cols, stride, first;

  Piece(const Lines& x, Index from, Index count)
      : rows(x.are_rows ? count : x.terms()),
        cols(x.are_rows ? x.terms() : count),
        stride(x.of.mid.cols()),
        first(x.are_rows ? from * stride : from) {}
  const double* row(const Matrix<double>& m, Index i) const { return m.data() + first + i * stride; }
};

std::vector<Sizes> sizes(const Matrix<double>& m, const Piece& p, bool lines_are_rows) {
  std::vector<Sizes> out;
  if (lines_are_rows) {
    for (Index i = 0; i < p.rows; ++i) out.push_back(sizes_of_row(p.row(m, i), p.cols));
    return out;
  }
  std::vector<double> largest(std::size_t(p.cols), 0.0), squares = largest;
  for (Index i = 0; i < p.rows; ++i) add_sizes(p.row(m, i), p.cols, largest.data(), squares.data());
  for (std::size_t j = 0; j < largest.size(); ++j) out.push_back({largest[j], squares[j]});
  return out;
}

}  // namespace

LineNorms joined(const std::vector<LineNorms>& pieces) {
  LineNorms all = pieces.front();
  for (auto piece = pieces.begin() + 1; piece != pieces.end(); ++piece) {
    all.radius.insert(all.radius.end(), piece->radius.begin(), piece->radius.end());
    for (std::size_t k = 0; k < all.left.size(); ++k) {
      all.left[k].insert(all.left[k].end(), piece->left[k].begin(), piece->left[k].end());
      all.is_something[k] = all.is_something[k] || piece->is_something[k];
    }
  }
  return all;
}

namespace {

// What numbers round to by being added to one and taken away, by part and line.
std::vector<std::vector<double>> units_of(const std::vector<Sizes>& lines, std::size_t parts, int bits) {
  std::vector<std::vector<double>> unit(parts);
  for (std::size_t k = 0; k < parts; ++k)
    for (const Sizes& s : lines) unit[k].push_back(rounding_to(s.largest, (int(k) + 1) * bits - 1));
  return unit;
}

std::vector<double> norms_of(const std::vector<Sizes>& lines, double terms) {
  std::vector<double> out;
  for (const Sizes& s : lines) out.push_back(norm(s.squares, terms));
  return out;
}

}  // namespace

LineNorms take_apart(const Lines& x, Index first, Index count, int bits, const PartsAt& to) {
  const Piece piece(x, first, count);
  const std::size_t parts = to.part.size();
  const double terms = double(x.terms());
  const std::vector<Sizes> whole = sizes(x.of.mid, piece, x.are_rows);
  const auto unit = units_of(whole, parts, bits);
  LineNorms out{{norms_of(whole, terms)}, {}, {true}};
  out.radius = x.of.is_exact() ? std::vector<double>(std::size_t(count), 0.0)
                               : norms_of(sizes(x.of.rad, piece, x.are_rows), terms);
  std::vector<std::vector<double>> squares(parts, std::vector<double>(std::size_t(count), 0.0));
  std::vector<std::uint64_t> bits_left(parts, 0);
  std::vector<double> low(x.of.is_exact() ? 0 : std::size_t(piece.cols));
  for (Index i = 0; i < piece.rows; ++i) {
    const Index line = x.are_rows ? i : 0;
    if (!low.empty()) std::copy_n(piece.row(x.of.low, i), piece.cols, low.data());
    for (std::size_t k = 0; k < parts; ++k) {
      const Row row{k == 0 ? piece.row(x.of.mid, i) : to.left[k - 1] + i * to.stride,
                    low.empty() ? nullptr : low.data(),
                    piece.cols,
                    unit[k].data() + line,
                    to.part[k] + i * to.stride,
                    to.left[k] + i * to.stride,
                    squares[k].data() + line};
      bits_left[k] |= x.are_rows ? take_line(row) : take_of_each_line(row);
    }
  }
  for (std::size_t k = 0; k < parts; ++k) {
    auto& of_left = out.left.emplace_back();
    for (const double s : squares[k]) of_left.push_back(norm(s, terms));
    out.is_something.push_back(bits_left[k] != 0);
  }
  return out;
}

}  // namespace plumbline
