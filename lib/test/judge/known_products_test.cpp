#include "plumbline/judge/known_products.hpp"

#include <gtest/gtest.h>

#include "plumbline/block/run.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/cases/recipes.hpp"

namespace plumbline {
namespace {

// A block whose weights are beyond the caches.
Question wide() { return question_from("llama", Recipe::ordinary, find_profile("float32"), false, 1, 1024); }

struct Counting : Knowing {
  int* found;
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& w) const {
    *found += known->find(x, w) != nullptr;
    return Knowing::matmul_by_transpose(x, w);
  }
};

// y of the block, and how many products of seven were known.
std::pair<Matrix<double>, int> y_of(const BlockSpec& spec, const Question& q, const KnownProducts& known) {
  int found = 0;
  Counting a;
  a.known = &known;
  a.found = &found;
  Matrix<double> y = run(a, spec, q.inputs.parameters, q.inputs.x, q.batch);
  return {std::move(y), found};
}

TEST(KnownProducts, AllAreThoseOfTheBlock) {
  const Question q = wide();
  const auto [y, found] = y_of(q.spec, q, KnownProducts(q));
  EXPECT_EQ(y, evaluate(q.spec, q.inputs.parameters, q.inputs.x, q.batch));
  EXPECT_EQ(found, 7);
  EXPECT_EQ(y_of(q.spec, q, KnownProducts()).second, 0);
}

TEST(KnownProducts, ADeviatingBlockHasThoseBeforeItDeviates) {
  const Question q = wide();
  const KnownProducts known(q);
  for (const auto& [id, products] :
       {std::pair("residual/ffn-block-input", 7), {"residual/attn-dropped", 4}}) {
    const BlockSpec spec = deviating(find_deviation(id), q.spec);
    const auto [y, found] = y_of(spec, q, known);
    EXPECT_EQ(y, evaluate(spec, q.inputs.parameters, q.inputs.x, q.batch)) << id;
    EXPECT_EQ(found, products) << id;
  }
}

TEST(KnownProducts, OthersAreNotKnown) {
  const Question q = wide();
  const KnownProducts known(q);
  const Matrix<double>& w = q.inputs.parameters.at("layers.0.attn.q_proj.weight");
  const Matrix<double> copy = w, x = Matrix<double>::Ones(3, w.cols());
  EXPECT_EQ(known.find(x, w), nullptr);
  KnownProducts more(q);
  more.add(x, w, x);
  more.add(x, copy, x);
  EXPECT_NE(more.find(x, w), nullptr);
  EXPECT_EQ(more.find(x, copy), nullptr);
}

}  // namespace
}  // namespace plumbline
