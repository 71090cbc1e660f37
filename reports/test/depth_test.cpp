// The record of deep stacks: how singular values of long products are kept, and what the pages make of it.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "measure/depth_chain.hpp"
#include "measure/stream_mixers.hpp"
#include "plumbline/depth/accumulated_qr.hpp"
#include "reports/chains/depth_page.hpp"
#include "reports/chains/spectrum_chain.hpp"

namespace plumbline::reports {
namespace {

constexpr int d = 8, tokens = 4, layers = 48, n = d * tokens, remaining = tokens * (d - 2);

// The same layers as spectrum_chain("post_norm", d, tokens, layers, 1), in double: their product held as
// accumulated QR, and as a plain product.
struct Products {
  AccumulatedQr accumulated{n};
  double error =
      0;  // relative, of the singular values: n roundings a layer, times the condition of its Jacobian
  Matrix<double> plain = Matrix<double>::Identity(n, n);

  Products() {
    Bits bits(1);
    const BlockSpec layer = layer_of("post_norm", d, 2, 2 * d, Activation::gelu_erf);
    Matrix<double> x = cast<double>(unit_variance(bits, tokens, d));
    for (int l = 0; l < layers; ++l) {
      const Parameters<double> p = cast<double>(xavier(bits, layer));
      const Matrix<double> j = jacobian(layer, p, x);
      x = evaluate(layer, p, x);
      accumulated.multiply(j * accumulated.basis());
      AccumulatedQr alone(n);
      alone.multiply(j);
      const std::vector<double> own = alone.log10_singular_values();
      error += n * 0x1p-52 * std::pow(10, own.front() - own[std::size_t(remaining - 1)]);
      plain = (j * plain).eval();
    }
  }
};

const Products& products() {
  static const Products both;
  return both;
}

const SpectrumDepth& exact() {
  static const SpectrumChain chain = spectrum_chain("post_norm", d, tokens, layers, 1);
  return chain.depths.back();
}

double exact_smallest() { return static_cast<double>(Mp50(log10(exact().smallest))); }

TEST(AccumulatedQr, KeepsTheSingularValuesThatAHundredDigitsGive) {
  const std::vector<double> logs = products().accumulated.log10_singular_values();
  const double error = products().error / std::log(10);
  EXPECT_NEAR(logs[0], static_cast<double>(Mp50(log10(exact().largest))), error);
  EXPECT_NEAR(logs[remaining / 2], static_cast<double>(Mp50(log10(exact().median))), error);
  EXPECT_NEAR(logs[remaining - 1], exact_smallest(), error);

  AccumulatedQr once(n);  // without orthogonalising after each layer the smallest is lost
  once.multiply(products().plain);
  EXPECT_GT(std::abs(once.log10_singular_values()[remaining - 1] - exact_smallest()), 5);
}

TEST(AccumulatedQr, TheDiagonalIsBoundedByTheSingularValues) {
  Draw draw(1);
  AccumulatedQr product(6);
  double error = 0;  // of a factor, relative: its six roundings times its condition
  for (int k = 0; k < 20; ++k) {
    const Matrix<double> factor = draw.matrix(6, 6);
    AccumulatedQr alone(6);
    alone.multiply(factor);
    const std::vector<double> own = alone.log10_singular_values();
    error += 6 * 0x1p-52 * std::pow(10, own.front() - own.back()) / std::log(10);
    product.multiply(factor * product.basis());
  }
  const std::vector<double> values = product.log10_singular_values(), diagonal = product.log10_diagonal();
  double sum = 0, of_diagonal = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    sum += values[k], of_diagonal += diagonal[k];
    EXPECT_LE(of_diagonal, sum + 6 * error) << k;
  }
  EXPECT_NEAR(of_diagonal, sum, 6 * error);  // six singular values
}

TEST(DepthChain, OneLayerHasTheSingularValuesOfItsJacobian) {
  const ChainSettings s{&find_stack_layout("pre_norm"), NormKind::layer_norm, d, tokens,
                        Initialisation::xavier};
  const SpectrumRun run = spectrum_run(s, {1}, 3);
  EXPECT_EQ(run.directions.size(), 1u);
  EXPECT_GE(run.largest, run.median);
  EXPECT_GE(run.median, run.smallest);
  EXPECT_EQ(remaining_directions(s), n);
}

TEST(DepthChain, ANormAtTheEndTakesItsDirections) {
  ChainSettings s{&find_stack_layout("mix_ln"), NormKind::layer_norm, d, tokens, Initialisation::xavier};
  EXPECT_EQ(remaining_directions(s), tokens * (d - 2));
  s.norm = NormKind::rms_norm;
  EXPECT_EQ(remaining_directions(s), tokens * (d - 1));
}

TEST(StreamMixers, PermutationsAreDoublyStochasticAndSinkhornOnlyNearly) {
  EXPECT_LT(permutation_run(12, 1).row_gap, 1e-14);
  EXPECT_LT(permutation_run(12, 1).column_gap, 1e-14);
  EXPECT_LT(sinkhorn_run(12, 1).column_gap, 1e-5);
  EXPECT_GT(sinkhorn_run(12, 1).row_gap, 1e-3);
}

TEST(StreamMixers, EqualLogitsMixEqually) {
  const Matrix<double> c = sinkhorn_mixer(Matrix<double>::Zero(4, 4));
  // the last division is by a sum of s + eps, 1 - eps <= s <= 1; and two roundings
  constexpr double eps = 1e-6;
  EXPECT_LE(c.maxCoeff(), 0.25);
  EXPECT_GE(c.minCoeff(), 0.25 * (1 - eps) - 0x1p-52);
}

TEST(DepthRecord, WithTheLayoutsExchangedTheHeadlineTurns) {
  DepthRecord r = read_depth_record();
  ASSERT_TRUE(loses_rank(r));
  for (StackRecord& s : r.stacks)
    s.layout = s.layout == "pre_norm" ? "post_norm" : s.layout == "post_norm" ? "pre_norm" : s.layout;
  EXPECT_FALSE(loses_rank(r));
}

TEST(DepthRecord, WhatIsNotThereIsAnError) {
  EXPECT_THROW(those(read_depth_record(), {.layout = "no such layout"}), Error);
}

}  // namespace
}  // namespace plumbline::reports
