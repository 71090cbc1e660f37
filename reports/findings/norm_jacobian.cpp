#include "reports/findings/norm_jacobian.hpp"

#include <cmath>

#include "plumbline/block/evaluate.hpp"

namespace plumbline::reports {
namespace {

using I = Interval60;

Matrix<I> row(std::initializer_list<int> entries) {
  Matrix<I> x(1, static_cast<Eigen::Index>(entries.size()));
  Eigen::Index i = 0;
  for (int e : entries) x(0, i++) = I(e);
  return x;
}

I frobenius(const Matrix<I>& x) { return sqrt(I(x.cwiseProduct(x).sum())); }

}  // namespace

std::vector<NormJacobian> norm_jacobians() {
  BlockSpec norm;
  norm.part = Part::norm;
  norm.d = 8;
  norm.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  const Matrix<I> ones = row({1, 1, 1, 1, 1, 1, 1, 1}), xhat = row({1, -1, 1, -1, 1, -1, 1, -1}),
                  rest = row({1, 1, -1, -1, 2, 2, -2, -2});
  std::vector<NormJacobian> found;
  for (double deviation : {0.5, 1.0, 1.25, 2.0}) {
    const Matrix<I> x = xhat * I(deviation);
    const auto factor = [&](const Matrix<I>& w) {
      return I(frobenius(tangent(norm, {}, x, w)) / frobenius(w));
    };
    found.push_back({deviation * deviation, factor(ones), factor(xhat), factor(rest)});
  }
  return found;
}

}  // namespace plumbline::reports
