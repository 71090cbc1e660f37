#include "properties/certified.hpp"

namespace plumbline::properties {
namespace {

I largest_sum(const Matrix<I>& a, bool of_rows) {
  End largest = 0;
  const Eigen::Index lines = of_rows ? a.rows() : a.cols();
  for (Eigen::Index i = 0; i < lines; ++i) {
    I sum(0);
    const Matrix<I> line = of_rows ? Matrix<I>(a.row(i)) : Matrix<I>(a.col(i));
    for (Eigen::Index j = 0; j < line.size(); ++j) sum += abs(line.data()[j]);
    largest = std::max(largest, plumbline::upper(sum));
  }
  return I(largest);
}

// The first column of the rest of a with the largest certain pivot in row k, moved to row k.
void bring_pivot(Matrix<I>& a, Eigen::Index k) {
  Eigen::Index best = k;
  for (Eigen::Index i = k + 1; i < a.rows(); ++i)
    if (mignitude(a(i, k)) > mignitude(a(best, k))) best = i;
  a.row(k).swap(a.row(best));
}

Matrix<I> approximate_inverse(const Matrix<I>& a) {
  const Eigen::Index n = a.rows();
  Matrix<I> both(n, 2 * n);
  both.leftCols(n) = points(a);
  both.rightCols(n) = identity(n);
  for (Eigen::Index k = 0; k < n; ++k) {
    bring_pivot(both, k);
    const I pivot = both(k, k);
    for (Eigen::Index j = 0; j < 2 * n; ++j) both(k, j) /= pivot;
    for (Eigen::Index i = 0; i < n; ++i) {
      if (i == k) continue;
      const I factor = both(i, k);
      for (Eigen::Index j = 0; j < 2 * n; ++j) both(i, j) -= factor * both(k, j);
    }
  }
  return points(both.rightCols(n));
}

}  // namespace

Matrix<I> points(const Matrix<I>& a) {
  return a.unaryExpr([](const I& v) { return middle(v); });
}

bool is_positive_definite(Matrix<I> s) {
  for (Eigen::Index k = 0; k < s.rows(); ++k) {
    if (!(plumbline::lower(s(k, k)) > 0)) return false;
    for (Eigen::Index i = k + 1; i < s.rows(); ++i) {
      const I factor = s(i, k) / s(k, k);
      for (Eigen::Index j = k + 1; j < s.cols(); ++j) s(i, j) -= factor * s(k, j);
    }
  }
  return true;
}

I log_abs_det(Matrix<I> a) {
  I sum(0);
  for (Eigen::Index k = 0; k < a.rows(); ++k) {
    bring_pivot(a, k);
    sum += log(abs(a(k, k)));
    for (Eigen::Index i = k + 1; i < a.rows(); ++i) {
      const I factor = a(i, k) / a(k, k);
      for (Eigen::Index j = k; j < a.cols(); ++j) a(i, j) -= factor * a(k, j);
    }
  }
  return sum;
}

I norm_bound(const Matrix<I>& a) {
  const I mixed = sqrt(I(largest_sum(a, true) * largest_sum(a, false)));
  return I(std::min(plumbline::upper(mixed), plumbline::upper(frobenius(a))));
}

I largest_eigenvalue_bound(const Matrix<I>& s) {
  const Matrix<I> one = identity(s.rows());
  I above = norm_bound(s), below = -above;
  for (int step = 0; step < 12; ++step) {
    const I c = middle(I((above + below) / I(2)));
    (is_positive_definite(one * c - s) ? above : below) = c;
  }
  return above;
}

I smallest_singular_value_bound(const Matrix<I>& a) {
  const Matrix<I> r = approximate_inverse(a);
  const I bound = (I(1) - norm_bound(identity(a.rows()) - product(r, a))) / norm_bound(r);
  return I(plumbline::lower(bound));
}

Qr qr(const Matrix<I>& a) {
  Qr f{a, filled(a.cols(), a.cols(), 0)};
  for (Eigen::Index j = 0; j < a.cols(); ++j) {
    for (Eigen::Index i = 0; i < j; ++i) {
      f.r(i, j) = dot(f.q.col(i), f.q.col(j));
      f.q.col(j) -= f.q.col(i) * f.r(i, j);
    }
    f.r(j, j) = frobenius(f.q.col(j));
    f.q.col(j) /= f.r(j, j);
  }
  return f;
}

I log_abs_det_of_chain(const std::vector<Matrix<I>>& factors) {
  I sum(0);
  Matrix<I> q = identity(factors.front().cols());
  for (const Matrix<I>& j : factors) {
    const Qr step = qr(product(j, q));
    for (Eigen::Index i = 0; i < step.r.rows(); ++i) sum += log(step.r(i, i));
    sum -= log_abs_det(product(q.transpose(), q)) / I(2);  // of the rounded Q, all but 0
    q = points(step.q);
  }
  return sum;
}

}  // namespace plumbline::properties
