// The ensemble covers correct implementations: what it says about the variance of single operations holds for
// float arithmetic itself, and the exact member is the block over plain numbers.
#include "plumbline/ensemble/ensemble.hpp"

#include <gtest/gtest.h>

#include "peer/kernels.hpp"
#include "plumbline/cases/recipes.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

TEST(Ensemble, TheExactMemberIsThePlainBlock) {
  for (const Preset& preset : presets()) {
    if (!preset.common) continue;
    const Question q = question_from(preset.name, Recipe::rich, find_profile("bfloat16-mixed"), true, 3, 16);
    ExactRun<double> run;
    const auto exact = exact_member<double>(q, find_profile("bfloat16-mixed").arithmetic(), run);
    const auto g = gradients<double>(q.spec, q.inputs.parameters, q.inputs.x, q.inputs.cotangent, q.batch);
    EXPECT_EQ(exact[0], g.y) << preset.name;
    // Products with a transpose may sum in another order: a rounding for each term, of the largest there are.
    const double rounding = 0x1p-53 * double(g.x.size()) * g.x.cwiseAbs().maxCoeff();
    EXPECT_LT((exact[1] - g.x).cwiseAbs().maxCoeff(), rounding) << preset.name;
    std::size_t i = 2;
    for (const auto& [name, value] : g.parameters) {
      const double most = std::max(1.0, value.cwiseAbs().maxCoeff());
      EXPECT_LT((exact[i++] - value).cwiseAbs().maxCoeff(), rounding * most) << preset.name << " " << name;
    }
  }
}

// Weights beyond the caches are taken in parts, on all threads: a member makes the same of each row of them.
TEST(Ensemble, RowsOfLargeWeightsAreSummedAsThoseOfSmallOnes) {
  std::mt19937_64 bits(7);
  std::normal_distribution<float> normal;
  Matrix<double> x(3, 1024), large(1024, 1024);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = normal(bits);
  for (Eigen::Index i = 0; i < large.size(); ++i) large.data()[i] = normal(bits);
  const auto product = [&](const Matrix<double>& w) {
    ExactRun<double> run;
    Ensemble<double> exact({}, run), member({}, 5, run);
    const Matrix<double> without_error = exact.matmul_by_transpose(*exact.given(x), *exact.given(w)).value;
    const Matrix<double> y = member.matmul_by_transpose(*member.given(x), *member.given(w)).value;
    EXPECT_NE(y, without_error);
    return y;
  };
  EXPECT_EQ(Matrix<double>(product(large).leftCols(1000)), product(large.topRows(1000)));
}

// One by one and shuffled, float sums spread no more than members do; pairwise and eight lanes less.
TEST(Ensemble, SumsSpreadAtLeastAsFarAsFloatSums) {
  const int k = 96, n = 200;
  std::mt19937_64 bits(5);
  std::normal_distribution<float> normal;
  Matrix<double> a(n, k), b(k, 1);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = normal(bits) + 0.5f;
  for (Eigen::Index i = 0; i < b.size(); ++i) b.data()[i] = normal(bits);
  a = a.cast<float>().cast<double>();
  b = b.cast<float>().cast<double>();
  ExactRun<double> run;
  Ensemble<double> without_error({}, run);
  const Matrix<double> exact = without_error.matmul(*without_error.given(a), *without_error.given(b)).value;
  double of_members = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Ensemble<double> e({}, seed, run);
    of_members += (e.matmul(*e.given(a), *e.given(b)).value - exact).squaredNorm() / 40;
  }
  for (peer::Order order : {peer::Order::sequential, peer::Order::reversed, peer::Order::pairwise,
                            peer::Order::eight_lanes, peer::Order::shuffled}) {
    peer::Variant v;
    v.order = order;
    double of_floats = 0;
    for (int i = 0; i < n; ++i) {
      const float s = peer::Kernels<float>(v).sum(k, [&](int j) { return float(a(i, j)) * float(b(j, 0)); });
      of_floats += (s - exact(i, 0)) * (s - exact(i, 0));
    }
    EXPECT_LT(of_floats, (1 + 1.5 * std::sqrt(2.0 / n)) * of_members);  // one standard error and a half
    EXPECT_GT(of_floats, of_members / 100);                             // and the members are not just loud
  }
}

// An eager kernel stores probabilities that are nearly equal as one number; a fused one never does.
TEST(Ensemble, EveryOtherMemberKeepsProbabilitiesApart) {
  Matrix<double> scores(1, 3);
  scores << 0, 0x1p-20, 0.25;
  const double exact = 1 / (2 + std::exp(0.25));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ExactRun<double> run;
    Ensemble<double> e(find_profile("bfloat16-mixed").arithmetic(), seed, run);
    const Matrix<double> p = e.softmax_rows({scores}, Mask::everything(1, 3)).value;
    EXPECT_EQ(p(0, 0) != p(0, 1), seed % 2 == 1) << seed;
    EXPECT_LE(std::abs(p(0, 0) - exact), Grid<double>(Dtype::bf16).unit(exact)) << seed;
  }
}

TEST(Ensemble, StoringWhatIsStoredChangesNothing) {
  ExactRun<double> run;
  Ensemble<double> e(find_profile("bfloat16-mixed").arithmetic(), 9, run);
  const Matrix<double> x = Matrix<double>::Constant(2, 3, 1.2345);
  const auto once = e.store({x}, Site::other);
  EXPECT_NE(once.value, x);
  EXPECT_EQ(e.store(once, Site::other).value, once.value);
  EXPECT_EQ(e.store(e.take_cols(e.concat_cols({once, e.zeros(2, 2)}), 0, 3), Site::other).value, once.value);
}

TEST(Ensemble, AnInputIsRoundedWhereItIsNotAsStored) {
  ExactRun<double> run;
  Ensemble<double> exact(find_profile("bfloat16-mixed").arithmetic(), run),
      member(find_profile("bfloat16-mixed").arithmetic(), 9, run);
  const Matrix<double> as_stored = Matrix<double>::Constant(2, 3, 1.25);
  const Matrix<double> finer = Matrix<double>::Constant(2, 3, 1.2345);
  for (const Matrix<double>& x : {as_stored, finer}) EXPECT_EQ(exact.given(x)->value, x);
  EXPECT_EQ(member.given(as_stored)->value, as_stored);
  EXPECT_NE(member.given(finer)->value, finer);
}

TEST(Ensemble, KinksAreDecidedWithTheErrorTripled) {
  ExactRun<double> run;
  Ensemble<double> exact({}, run), member({}, 1, run);
  Matrix<double> u(1, 2), near(1, 2);
  u << 1.0, 1.0;
  near << 0.5, 0.8;  // 1 + 3 (0.5 - 1) < 0 < 1 + 3 (0.8 - 1)
  exact.activation(Activation::relu, 0, {u});
  const auto y = member.activation(Activation::relu, 0, {near});
  EXPECT_EQ(y.value(0, 0), 0);
  EXPECT_EQ(y.value(0, 1), 0.8);
}

TEST(Ensemble, Float16OverflowsToInfinity) {
  ExactRun<double> run;
  Ensemble<double> e(find_profile("float16-mixed").arithmetic(), 9, run);
  EXPECT_EQ(e.store({Matrix<double>::Constant(1, 1, 7e4)}, Site::other).value(0, 0), INFINITY);
}

}  // namespace
}  // namespace plumbline
