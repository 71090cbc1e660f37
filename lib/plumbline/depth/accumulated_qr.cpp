#include "plumbline/depth/accumulated_qr.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace plumbline {
namespace {

constexpr double least = 1e-300;  // what an underflow stands for

double log10_of(double x) { return std::log10(std::max(std::abs(x), least)); }

// Makes rows p and q orthogonal by a rotation; false where they are already, to rounding.
bool rotate_rows(Matrix<double>& x, Eigen::Index p, Eigen::Index q) {
  const double pp = x.row(p).squaredNorm(), qq = x.row(q).squaredNorm(), pq = x.row(p).dot(x.row(q));
  if (pp < least || qq < least) return false;
  const double rounding = double(x.cols()) * std::numeric_limits<double>::epsilon();
  if (std::abs(pq) <= rounding * std::sqrt(pp) * std::sqrt(qq)) return false;
  const double zeta = (qq - pp) / (2 * pq);
  // Not std::hypot, which older systems lack as newer ones have it. Where the square overflows, t is 0.
  const double t = (zeta < 0 ? -1 : 1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
  const double c = 1 / std::sqrt(1 + t * t), s = c * t;
  const Eigen::RowVectorXd old = x.row(p);
  x.row(p) = c * old - s * x.row(q);
  x.row(q) = s * old + c * x.row(q);
  return true;
}

// The longest row first: then rotations settle soon.
Matrix<double> with_rows_descending(const Matrix<double>& x) {
  std::vector<Eigen::Index> order(x.rows());
  for (Eigen::Index i = 0; i < x.rows(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater<>(), [&](Eigen::Index i) { return x.row(i).norm(); });
  Matrix<double> sorted(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.rows(); ++i) sorted.row(i) = x.row(order[i]);
  return sorted;
}

}  // namespace

AccumulatedQr::AccumulatedQr(int n)
    : q_(Matrix<double>::Identity(n, n)), r_(Matrix<double>::Identity(n, n)), log10_r_(n, 0.0) {}

void AccumulatedQr::multiply(const Matrix<double>& m_times_basis) {
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(m_times_basis);
  const Eigen::Index m = m_times_basis.rows(), n = m_times_basis.cols();
  const Eigen::MatrixXd r = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>();
  q_ = qr.householderQ() * Eigen::MatrixXd::Identity(m, n);
  r_ = r.triangularView<Eigen::Upper>() * r_;
  for (std::size_t i = 0; i < log10_r_.size(); ++i)
    log10_r_[i] += log10_of(r(Eigen::Index(i), Eigen::Index(i)));
}

std::vector<double> AccumulatedQr::log10_singular_values() const {
  constexpr int most_sweeps = 60;
  Matrix<double> x = with_rows_descending(r_);
  bool turned = true;
  for (int sweep = 0; turned && sweep < most_sweeps; ++sweep) {
    turned = false;
    for (Eigen::Index p = 0; p < x.rows(); ++p)
      for (Eigen::Index q = p + 1; q < x.rows(); ++q) turned |= rotate_rows(x, p, q);
  }
  std::vector<double> logs;
  for (Eigen::Index i = 0; i < x.rows(); ++i) logs.push_back(log10_of(x.row(i).norm()));
  std::ranges::sort(logs, std::greater<>());
  return logs;
}

std::vector<double> AccumulatedQr::log10_diagonal() const {
  std::vector<double> logs = log10_r_;
  std::ranges::sort(logs, std::greater<>());
  return logs;
}

}  // namespace plumbline
