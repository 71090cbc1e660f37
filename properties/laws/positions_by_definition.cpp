#include "properties/laws/positions_by_definition.hpp"

#include <cmath>
#include <numbers>

namespace plumbline::properties {
namespace {

// Between which pairs yarn mixes frequencies: those that turn beta times in the original length.
std::pair<int, int> yarn_pairs(const RopeSpec& r) {
  const auto pair = [&](double turns) {
    const double length = r.scaling->original_max_position / (2 * std::numbers::pi * turns);
    return r.rotary_dim * std::log(length) / (2 * std::log(r.base));
  };
  return {std::max(int(std::floor(pair(r.scaling->beta_fast))), 0),
          std::min(int(std::ceil(pair(r.scaling->beta_slow))), r.rotary_dim - 1)};
}

// What pair j turns by at each position in a sequence of n tokens, case by case.
I frequency(const RopeSpec& r, int j, int n) {
  const I w = I(1) / pow(I(r.base), I(I(2 * j) / I(r.rotary_dim)));
  if (!r.scaling) return w;
  const RopeScaling& s = *r.scaling;
  const auto mixed = [&](const I& kept) { return I(kept * w + (I(1) - kept) * w / I(s.factor)); };
  switch (s.kind) {
    case RopeScalingKind::linear: break;
    case RopeScalingKind::llama3: {
      const I turns = I(s.original_max_position) * w / (I(2) * I::pi()), low(s.low_freq_factor),
              high(s.high_freq_factor);
      if (plumbline::lower(turns) > s.high_freq_factor) return w;
      if (plumbline::upper(turns) < s.low_freq_factor) break;
      return mixed((turns - low) / (high - low));
    }
    case RopeScalingKind::yarn: {
      const auto [first, last] = yarn_pairs(r);
      if (j <= first) return w;
      if (j >= last) break;
      return mixed(I(last - j) / I(last - first));
    }
    case RopeScalingKind::longrope: {
      const auto& factors = n > s.original_max_position ? s.long_factor : s.short_factor;
      return w / I(std::size_t(j) < factors.size() ? factors[std::size_t(j)] : factors.back());
    }
    case RopeScalingKind::dynamic: {
      if (n <= s.original_max_position || j == 0) return w;
      const I longer = I(s.factor) * I(n) / I(s.original_max_position) - I(s.factor) + I(1);
      const I base = I(r.base) * pow(longer, I(I(r.rotary_dim) / I(r.rotary_dim - 2)));
      return I(1) / pow(base, I(I(2 * j) / I(r.rotary_dim)));
    }
  }
  return w / I(s.factor);
}

// What cosines and sines are multiplied by.
I amplitude_of(const RopeScaling& s) {
  const I longer = log(I(s.factor));
  if (s.kind == RopeScalingKind::yarn) return I(1) + longer / I(10);
  if (s.kind != RopeScalingKind::longrope) return I(1);
  return sqrt(I(I(1) + longer / log(I(s.original_max_position))));
}

}  // namespace

void turn(const RopeSpec& r, int position, int n, Matrix<I>& row) {
  const int half = r.rotary_dim / 2;
  for (int j = 0; j < half; ++j) {
    const I angle = I(r.sign * position) * frequency(r, j, n);
    I c = cos(angle), s = sin(angle);
    if (r.scaling) c *= amplitude_of(*r.scaling), s *= amplitude_of(*r.scaling);
    const int first = r.style == RopeStyle::half ? j : 2 * j,
              second = r.style == RopeStyle::half ? j + half : 2 * j + 1;
    const I a = row(0, first), b = row(0, second);
    row(0, first) = a * c - b * s;
    row(0, second) = b * c + a * s;
  }
}

// For a power of two heads the roots of 1/2^max_bias, one by one;
// otherwise those of the next smaller power of two, then every second root of twice as many.
I slope_of(const AlibiSpec& s, int head, int n_heads) {
  int below = 1;
  while (2 * below <= n_heads) below *= 2;
  const I smallest = I(1) / pow(I(2), I(s.max_bias));
  return head < below ? I(pow(smallest, I(I(head + 1) / I(below))))
                      : I(pow(smallest, I(I(2 * (head - below) + 1) / I(2 * below))));
}

int row_of_table(const BucketsSpec& s, int distance, bool both) {
  const int n = both ? s.count / 2 : s.count, m = n / 2, behind = both && distance > 0 ? n : 0;
  const int r = both ? std::abs(distance) : std::max(-distance, 0);
  if (r < m) return behind + r;
  const double share = std::log(double(r) / m) / std::log(double(s.max_distance) / m);
  return behind + std::min(n - 1, m + int(std::floor((n - m) * share)));
}

}  // namespace plumbline::properties
