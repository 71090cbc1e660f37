// Two independent ways to each derivative, for every preset, in enclosures: their difference must contain 0.
#include <gtest/gtest.h>

#include "plumbline/number/interval.hpp"
#include "plumbline/spec/presets.hpp"
#include "random_case.hpp"

namespace plumbline {

// Test names say which preset; gtest would otherwise print the bytes of the struct.
static void PrintTo(const Preset& preset, std::ostream* out) { *out << preset.name; }

namespace {

using I = Interval60;

template <class S>
S dot(const Matrix<S>& x, const Matrix<S>& y) {
  S sum(0);
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += x.data()[i] * y.data()[i];
  return sum;
}

class EveryPreset : public testing::TestWithParam<Preset> {
 protected:
  const BlockSpec spec =
      GetParam().small({.d = 8, .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_ff = 6});
  std::mt19937_64 bits{20170612};
  const Parameters<double> parameters = random_parameters(bits, spec);
  const int batch = 2;
  const Matrix<double> x = random_matrix(bits, 2 * 3, 8), dx = random_matrix(bits, 2 * 3, 8),
                       dy = random_matrix(bits, 2 * 3, 8);
};

TEST_P(EveryPreset, ReverseModeIsAdjointToForwardMode) {
  const auto p = cast<I>(parameters);
  const Matrix<I> jv = tangent(spec, p, cast<I>(x), cast<I>(dx), batch);
  const Matrix<I> jtw = gradients(spec, p, cast<I>(x), cast<I>(dy), batch).x;
  const I difference = dot(cast<I>(dy), jv) - dot(jtw, cast<I>(dx));
  EXPECT_TRUE(is_bounded(difference));
  EXPECT_TRUE(contains_zero(difference));
}

// e(h) = F(x + h dx) - F(x) - h J dx falls like h^2 where J is right and like h where it is not: halving h
// divides it by 4 or by 2. The threshold is the middle of the only two possible limits.
TEST_P(EveryPreset, ForwardModeLeavesASecondOrderRemainder) {
  using S = Mp100;
  const auto p = cast<S>(parameters);
  const Matrix<S> y = evaluate(spec, p, cast<S>(x), batch),
                  jv = tangent(spec, p, cast<S>(x), cast<S>(dx), batch);
  const auto remainder = [&](const S& h) {
    const Matrix<S> moved = cast<S>(x) + cast<S>(dx) * h;
    const Matrix<S> e = evaluate(spec, p, moved, batch) - y - jv * h;
    return S(sqrt(dot(e, e)));
  };
  const S h = ldexp(S(1), -80);
  EXPECT_GT(S(remainder(h) / remainder(h / 2)), 3);
}

TEST_P(EveryPreset, EnclosuresContainTheValueAtHigherPrecision) {
  const Matrix<I> enclosure = evaluate(spec, cast<I>(parameters), cast<I>(x), batch);
  const Matrix<Mp100> value = evaluate(spec, cast<Mp100>(parameters), cast<Mp100>(x), batch);
  for (Eigen::Index i = 0; i < value.size(); ++i) {
    EXPECT_LE(lower(enclosure.data()[i]), End(value.data()[i])) << "entry " << i;
    EXPECT_GE(upper(enclosure.data()[i]), End(value.data()[i])) << "entry " << i;
  }
}

TEST_P(EveryPreset, JacobianMapsEveryDirectionAsTheTangentDoes) {
  const auto p = cast<I>(parameters);
  const Matrix<I> j = jacobian(spec, p, cast<I>(x), batch),
                  jv = tangent(spec, p, cast<I>(x), cast<I>(dx), batch);
  const Matrix<I> direction = cast<I>(dx);
  for (Eigen::Index row = 0; row < j.rows(); ++row) {
    I sum = -jv.data()[row];
    for (Eigen::Index col = 0; col < j.cols(); ++col) sum += j(row, col) * direction.data()[col];
    EXPECT_TRUE(contains_zero(sum)) << "row " << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Presets, EveryPreset, testing::ValuesIn(presets().begin(), presets().end()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace plumbline
