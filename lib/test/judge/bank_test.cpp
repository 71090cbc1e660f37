// Functionals against what is plain about them: where an error of a single entry shows, and that there are
// two ways to what an error of y alone shows.
#include "plumbline/judge/bank.hpp"

#include <gtest/gtest.h>

#include "plumbline/cases/recipes.hpp"
#include "plumbline/number/grid.hpp"

namespace plumbline {
namespace {

struct Banked {
  Question question = question_from("llama", Recipe::rich, find_profile("float32"), true, 2, 16);
  Trace trace{question};
  std::vector<Matrix<double>> outputs, sigma;
  std::unique_ptr<Bank> bank;
  Banked() {
    const CaseInputs& in = question.inputs;
    const auto g = gradients<double>(question.spec, in.parameters, in.x, in.cotangent, question.batch);
    outputs = {g.y, g.x};
    for (const auto& [name, value] : g.parameters) outputs.push_back(value);
    for (const auto& value : outputs) sigma.push_back(Matrix<double>::Ones(value.rows(), value.cols()));
    bank = std::make_unique<Bank>(question, outputs, sigma, trace);
  }
  const Family& family(const std::string& name) const {
    return *std::find_if(bank->families().begin(), bank->families().end(),
                         [&](const Family& f) { return f.name == name; });
  }
  std::vector<Matrix<double>> error_of_y(const Matrix<double>& e) const {
    std::vector<Matrix<double>> error(outputs.size());
    error[0] = e;
    return error;
  }
};

TEST(Bank, AnErrorOfOneEntryShowsInItsRowAndColumnAlone) {
  const Banked f;
  const Eigen::Index rows = f.outputs[0].rows(), cols = f.outputs[0].cols();
  ASSERT_NE(rows % 4, 0);  // of the ways that sums are taken, both are
  ASSERT_GT(rows, 4);
  for (Eigen::Index entry = 0; entry < rows * cols; ++entry) {
    Matrix<double> e = Matrix<double>::Zero(rows, cols);
    e.data()[entry] = 1;
    const Scores scores = f.bank->shape_scores(f.error_of_y(e));
    const std::vector<double> c = f.bank->functionals({&scores, 1}).front();
    const auto shows_at = [&](const std::string& name, Eigen::Index size, Eigen::Index at) {
      const Family& family = f.family(name);
      for (int i = 0; i < family.count; ++i) EXPECT_EQ(c[family.first + i] != 0, i % size == at) << name;
    };
    shows_at("rows of y", rows, entry / cols);
    shows_at("columns of y", cols, entry % cols);
  }
}

TEST(Bank, OfNoErrorsThereAreNoScores) {
  Banked f;
  EXPECT_TRUE(f.bank->scores({}, f.trace).empty());
}

// Two ways to one number differ by the rounding of a double, or they differ in the first digits: the middle
// of the two, on a logarithmic scale, is between them.
TEST(Bank, AnErrorOfYAloneIsOneOfAllOutputsWhereTheOthersAreZero) {
  Banked f;
  std::uint64_t seed = 1;
  const Matrix<double> e = f.outputs[0].unaryExpr([&](double) { return centred_uniform(mixed(seed++)); });
  const std::vector<Matrix<double>> of_y = f.error_of_y(e);
  std::vector<Matrix<double>> of_all = of_y;
  for (std::size_t i = 1; i < of_all.size(); ++i)
    of_all[i] = Matrix<double>::Zero(f.outputs[i].rows(), f.outputs[i].cols());
  const Scores a = f.bank->scores({&of_y, 1}, f.trace).front(),
               b = f.bank->scores({&of_all, 1}, f.trace).front();
  ASSERT_EQ(a.size(), b.size());
  double size = 0;
  for (std::size_t i = f.outputs.size(); i < b.size(); ++i) size = std::max(size, b[i].cwiseAbs().maxCoeff());
  for (std::size_t i = 0; i < b.size(); ++i) {
    const Matrix<double> first = a[i].size() > 0 ? a[i] : Matrix<double>::Zero(b[i].rows(), b[i].cols());
    EXPECT_LE((first - b[i]).cwiseAbs().maxCoeff(), 0x1p-26 * size) << i;
  }
}

}  // namespace
}  // namespace plumbline
