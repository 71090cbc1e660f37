#include "plumbline/algebra/ball_product.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "plumbline/algebra/ball_sums.hpp"
#include "plumbline/algebra/exact_parts.hpp"
#include "plumbline/base/parallel.hpp"
#include "plumbline/number/multiply.hpp"

namespace plumbline {
namespace {

using Eigen::Index;
constexpr double u = Ball::u;

// From so many exact parts on, radii are multiplied too: only what has to be sharp is worth it.
constexpr int multiplies_radii = 3;

// n u / (1 - n u), rounded up.
double gamma(double n) { return n * u / (1 - n * u) * (1 + 4 * u); }

// So many bits that n products of two whole numbers up to 2^(b-1) have a sum of at most 2^53; take_apart asks
// for 26 at most.
int bits_for(double n) {
  return std::min(26, int(std::floor((55 - std::ceil(std::log2(std::max(n, 1.0)))) / 2)));
}

// As many lines at a time as let their parts, and the tiles of results, stay in a processor's cache.
Index lines_at_a_time(Index lines, Index terms, Index numbers_of_result, int threads) {
  constexpr Index worth_of_cache = 1 << 18;
  const Index fit = std::max<Index>(16, worth_of_cache / std::max(terms, numbers_of_result));
  const Index pieces = (lines + fit - 1) / fit, even = (pieces + threads - 1) / threads * threads;
  return std::max<Index>(16, ((lines + even - 1) / even + 7) / 8 * 8);
}

// The factor with fewer lines, taken apart whole: its parts, then what is left after the last one, then what
// is left after each other one, side by side.
class Whole {
 public:
  Whole(const Lines& x, int bits, int exact_parts, int threads) : lines(x), parts(exact_parts) {
    const Index blocks = 2 * parts, n = x.count(), size = n * x.terms();
    stride = x.are_rows ? x.terms() : blocks * n;
    step_ = x.are_rows ? size : n;
    memory_.reset(new double[std::size_t(blocks * size)]);
    const Index at_a_time = lines_at_a_time(n, x.terms(), 1, threads),
                pieces = (n + at_a_time - 1) / at_a_time;
    std::vector<LineNorms> all(std::size_t(pieces), LineNorms{});
    in_parallel(int(pieces), threads, [&](int i) {
      const Index first = i * at_a_time;
      all[std::size_t(i)] = take_apart(x, first, std::min(at_a_time, n - first), bits, from_line(first));
    });
    norms = joined(all);
  }

  const Lines lines;
  const int parts;
  Index stride;  // of a block's rows
  LineNorms norms;

  double* part(int k) const { return memory_.get() + k * step_; }
  double* left_after(int k) const { return part(k == parts ? parts : parts + k); }
  bool has_left_after(int k) const { return norms.is_something[std::size_t(k)]; }
  // Parts that are not all 0, of which there is said to be one.
  int count() const {
    int n = 1;
    while (n < parts && has_left_after(n)) ++n;
    return n;
  }

 private:
  PartsAt from_line(Index first) const {
    const Index offset = lines.are_rows ? first * stride : first;
    PartsAt to{{}, {}, stride};
    for (int k = 0; k < parts; ++k) {
      to.part.push_back(part(k) + offset);
      to.left.push_back(left_after(k + 1) + offset);
    }
    return to;
  }

  Index step_;  // from block to block
  std::unique_ptr<double[]> memory_;
};

// Some lines of the other factor, taken apart, and the tiles of results in which their products are.
struct Panel {
  PartsAt to;
  LineNorms norms;
  double* tiles;
  std::vector<int> used;  // of the tiles; the last one gathers all that is not exact
  bool has_radii = false;

  bool has(int part) const { return norms.is_something[std::size_t(part)]; }
};

// How a product is taken: in which order, with parts of so many bits, and whether radii are multiplied too.
struct Way {
  bool is_left;  // whether the factor of which some lines are taken at a time is the left one
  int bits;
  bool has_radii;
};

// The product of one factor, some lines at a time, by the other one, taken apart whole.
class Panelled {
 public:
  Panelled(const Lines& panelled, const Whole& whole, const Way& way, BallMatrix& z)
      : panelled_(panelled), whole_(whole), way_(way), z_(z), of_whole_(shares(whole.norms, false)) {
    if (way.has_radii && !panelled.of.is_exact()) {
      most_of_whole_ = whole.lines.of.mid.cwiseAbs();
      if (!whole.lines.of.is_exact()) most_of_whole_ += whole.lines.of.rad;
    }
  }

  // The panel's first part by all of the other factor, of the second part, ..., what is not exact, radii.
  int tiles() const { return whole_.parts * (whole_.parts + 1) / 2 + 1 + way_.has_radii; }

  void operator()(Index first, Index count) const {
    Panel panel = taken_apart(first, count);
    multiply_parts(panel, count);
    if (way_.has_radii) multiply_radii(panel, first, count);
    add_up_rows(panel, first, count);
  }

 private:
  // The bound of ball_product.hpp as products of numbers of lines: g |X_k| |left Y|, ..., and of the radii.
  Shares shares(const LineNorms& of, bool is_panelled) const {
    const auto parts = std::size_t(whole_.parts);
    const double g = gamma(double(panelled_.terms()) + double(parts) + 2) + 16 * u;
    Shares out(way_.has_radii ? parts + 1 : parts + 3);
    for (std::size_t i = 0; i < of.radius.size(); ++i) {
      const double norm = of.left[0][i], radius = of.radius[i];
      for (std::size_t k = 0; k <= parts; ++k) {
        const double after = k < parts ? of.left[k + 1][i] : 0;
        out[k].push_back(is_panelled ? g * (of.left[k][i] + after) : of.left[parts - k][i]);
      }
      if (way_.has_radii) continue;
      out[parts + 1].push_back(is_panelled ? (1 + 4 * u) * norm : radius);
      out[parts + 2].push_back(is_panelled ? (1 + 4 * u) * radius : norm + radius);
    }
    return out;
  }

  Panel taken_apart(Index first, Index count) const {
    thread_local std::vector<double> memory;
    const int parts = whole_.parts;
    const Index terms = panelled_.terms(), size = count * terms, results = count * whole_.lines.count();
    if (const auto needed = std::size_t((parts + 1) * size + tiles() * results); memory.size() < needed)
      memory.resize(needed);
    Panel p{{{}, {}, panelled_.are_rows ? terms : count}, {}, memory.data() + (parts + 1) * size, {}};
    for (int k = 0; k < parts; ++k) p.to.part.push_back(memory.data() + k * size);
    p.to.left.assign(std::size_t(parts), memory.data() + parts * size);
    p.norms = take_apart(panelled_, first, count, way_.bits, p.to);
    return p;
  }

  // Where tiles lie: side by side in a row of results of the panel, or one behind the other.
  Index tile_stride(Index count) const { return way_.is_left ? tiles() * whole_.lines.count() : count; }
  Index tile_step(Index count) const {
    return way_.is_left ? whole_.lines.count() : count * whole_.lines.count();
  }

  // A part of the panel by so many neighbouring blocks of the other factor.
  struct Factors {
    const double *own, *other;
    Index own_stride, stride, blocks;
  };
  void multiply_into(const Panel& panel, Index count, const Factors& f, int tile, bool adds) const {
    const MatrixAt p{f.own, int(f.own_stride), panelled_.are_rows != way_.is_left},
        q{f.other, int(f.stride), whole_.lines.are_rows == way_.is_left};
    const int own = int(count), others = int(f.blocks * whole_.lines.count()), terms = int(panelled_.terms());
    double* z = panel.tiles + tile * tile_step(count);
    if (way_.is_left)
      multiply(p, q, own, others, terms, z, int(tile_stride(count)), adds);
    else
      multiply(q, p, others, own, terms, z, int(tile_stride(count)), adds);
  }

  void multiply_parts(Panel& panel, Index count) const {
    const int parts = whole_.parts, last = parts;
    bool has_last = false;
    const auto add_to_last = [&](const double* own, const double* other, Index stride) {
      multiply_into(panel, count, {own, other, panel.to.stride, stride, 1}, last, has_last);
      has_last = true;
    };
    for (int i = 0, tile = 0; i < parts && (i == 0 || panel.has(i)); tile += parts - i + (i == 0), ++i) {
      const double* own = panel.to.part[std::size_t(i)];
      const int blocks = std::min(parts - i, whole_.count());
      const bool has_left = whole_.has_left_after(parts - i);
      const bool at_once = i == 0 && has_left;  // it lies behind the parts, and the last tile behind theirs
      multiply_into(panel, count, {own, whole_.part(0), panel.to.stride, whole_.stride, blocks + at_once},
                    tile, false);
      for (int j = 0; j < blocks; ++j) panel.used.push_back(tile + j);
      has_last = has_last || at_once;
      if (has_left && !at_once) add_to_last(own, whole_.left_after(parts - i), whole_.stride);
    }
    if (panel.has(parts)) {
      const Matrix<double>& all = whole_.lines.of.mid;
      add_to_last(panel.to.left.back(), all.data(), all.cols());
    }
    if (has_last) panel.used.push_back(last);
  }

  // r (|y| + s) of the panel's radii r, and |x| s.
  void multiply_radii(Panel& panel, Index first, Index count) const {
    const Matrix<double>&mid = panelled_.of.mid, &rad = panelled_.of.rad, &others = whole_.lines.of.rad;
    const Index from = panelled_.are_rows ? first * mid.cols() : first;
    const auto multiply_own = [&](const double* own, Index own_stride, const Matrix<double>& other) {
      multiply_into(panel, count, {own, other.data(), own_stride, other.cols(), 1}, tiles() - 1,
                    panel.has_radii);
      panel.has_radii = true;
    };
    if (!panelled_.of.is_exact()) multiply_own(rad.data() + from, rad.cols(), most_of_whole_);
    if (whole_.lines.of.is_exact()) return;
    double* sizes = panel.to.left.back();  // its products are done
    const Index rows = panelled_.are_rows ? count : mid.rows(),
                cols = panelled_.are_rows ? mid.cols() : count;
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j)
        sizes[i * panel.to.stride + j] = std::abs(mid.data()[from + i * mid.cols() + j]);
    multiply_own(sizes, panel.to.stride, others);
  }

  void add_up_rows(const Panel& panel, Index first, Index count) const {
    const Shares own = shares(panel.norms, true);
    const Shares &of_rows = way_.is_left ? own : of_whole_, &of_cols = way_.is_left ? of_whole_ : own;
    const Index others = whole_.lines.count(), rows = way_.is_left ? count : others,
                cols = way_.is_left ? others : count;
    const double terms = double(panelled_.terms()), lost = 64 * terms * 0x1p-1074;
    std::vector<const double*> from(panel.used.size());
    std::vector<double> of_row(own.size());
    for (Index i = 0; i < rows; ++i) {
      const auto in_tile = [&](int tile) {
        return panel.tiles + tile * tile_step(count) + i * tile_stride(count);
      };
      for (std::size_t k = 0; k < from.size(); ++k) from[k] = in_tile(panel.used[k]);
      for (std::size_t c = 0; c < own.size(); ++c) of_row[c] = of_rows[c][std::size_t(i)];
      const double* radii = panel.has_radii ? in_tile(tiles() - 1) : nullptr;
      const Index z = way_.is_left ? (first + i) * z_.mid.cols() : i * z_.mid.cols() + first;
      add_up({from, of_row, of_cols, radii, 1 + 2 * gamma(terms + 8), lost}, cols,
             {z_.mid.data() + z, z_.low.data() + z, z_.rad.data() + z});
    }
  }

  const Lines& panelled_;
  const Whole& whole_;
  const Way way_;
  BallMatrix& z_;
  Matrix<double> most_of_whole_;
  Shares of_whole_;
};

}  // namespace

BallMatrix ball_product(const BallMatrix& x, const BallMatrix& y, Transposed transposed, int exact_parts,
                        int threads) {
  const Lines left{x, !transposed.left}, right{y, transposed.right};
  const bool is_left = left.count() >= right.count();
  const Lines &panelled = is_left ? left : right, &other = is_left ? right : left;
  const int bits = bits_for(double(panelled.terms()));
  const Whole whole(other, bits, exact_parts, threads);
  BallMatrix z{Matrix<double>(left.count(), right.count()), Matrix<double>(left.count(), right.count()),
               Matrix<double>(left.count(), right.count())};
  const Panelled panel(panelled, whole, {is_left, bits, exact_parts >= multiplies_radii}, z);
  const Index lines = panelled.count(),
              at_a_time = lines_at_a_time(lines, panelled.terms(), panel.tiles() * other.count(), threads);
  in_parallel(int((lines + at_a_time - 1) / at_a_time), threads,
              [&](int i) { panel(i * at_a_time, std::min(at_a_time, lines - i * at_a_time)); });
  return z;
}

}  // namespace plumbline
