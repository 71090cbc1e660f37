#include "measure/stream_mixers.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace plumbline {
namespace {

constexpr int n_streams = 4, n_sites = 60, n_products = 10, n_permutations = 24;

void divide_columns(Matrix<double>& c, double eps) {
  for (Eigen::Index k = 0; k < c.cols(); ++k) c.col(k) /= c.col(k).sum() + eps;
}

void divide_rows(Matrix<double>& c, double eps) {
  for (Eigen::Index j = 0; j < c.rows(); ++j) c.row(j) /= c.row(j).sum() + eps;
}

Matrix<double> softmax_of_rows(const Matrix<double>& logits) {
  Matrix<double> p = logits;
  for (Eigen::Index j = 0; j < p.rows(); ++j) p.row(j) = (p.row(j).array() - p.row(j).maxCoeff()).exp();
  divide_rows(p, 0);
  return p;
}

double spectral_norm(const Matrix<double>& c) {
  return Eigen::JacobiSVD<Eigen::MatrixXd>(c).singularValues()(0);
}

void note(MixerRun& run, std::vector<double>& row_gaps, const Matrix<double>& c) {
  const Eigen::VectorXd rows = c.rowwise().sum();
  const Eigen::VectorXd columns = c.colwise().sum().transpose();
  for (double sum : rows) row_gaps.push_back(std::abs(sum - 1));
  run.column_gap = std::max(run.column_gap, (columns.array() - 1).abs().maxCoeff());
  run.column_sum = std::max(run.column_sum, columns.maxCoeff());
  run.norm = std::max(run.norm, spectral_norm(c));
  run.transposed = std::max(run.transposed, (rows - columns).cwiseAbs().maxCoeff());
}

template <class NextMixer>
MixerRun mixer_run(NextMixer next) {
  MixerRun run;
  std::vector<double> row_gaps;
  for (int k = 0; k < n_products; ++k) {
    Matrix<double> product = Matrix<double>::Identity(n_streams, n_streams);
    for (int site = 0; site < n_sites; ++site) {
      const Matrix<double> c = next();
      note(run, row_gaps, c);
      product = (product * c).eval();
    }
    run.product_row_sum = std::max(run.product_row_sum, product.rowwise().sum().maxCoeff());
    run.product_norm = std::max(run.product_norm, spectral_norm(product));
  }
  std::ranges::sort(row_gaps);
  run.row_gap = row_gaps.back();
  run.row_gap_99 = row_gaps[row_gaps.size() * 99 / 100];
  return run;
}

}  // namespace

Matrix<double> sinkhorn_mixer(const Matrix<double>& logits, int iterations) {
  constexpr double eps = 1e-6;
  Matrix<double> c = softmax_of_rows(logits).array() + eps;
  divide_columns(c, eps);
  for (int i = 1; i < iterations; ++i) {
    divide_rows(c, eps);
    divide_columns(c, eps);
  }
  return c;
}

Matrix<double> permutation_mixer(const Matrix<double>& logits, int n) {
  const Matrix<double> weights = softmax_of_rows(logits);
  Matrix<double> c = Matrix<double>::Zero(n, n);
  std::vector<int> to(n);
  std::iota(to.begin(), to.end(), 0);
  Eigen::Index at = 0;
  do {
    for (int j = 0; j < n; ++j) c(j, to[j]) += weights(0, at);
    ++at;
  } while (std::ranges::next_permutation(to).found);
  return c;
}

MixerRun sinkhorn_run(double sigma, std::uint64_t seed) {
  Draw draw(seed);
  return mixer_run([&] { return sinkhorn_mixer(draw.matrix(n_streams, n_streams, sigma)); });
}

MixerRun permutation_run(double sigma, std::uint64_t seed) {
  Draw draw(seed);
  return mixer_run([&] { return permutation_mixer(draw.matrix(1, n_permutations, sigma), n_streams); });
}

}  // namespace plumbline
