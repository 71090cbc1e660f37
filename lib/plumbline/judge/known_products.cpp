#include "plumbline/judge/known_products.hpp"

#include "plumbline/base/caches.hpp"
#include "plumbline/block/run.hpp"

namespace plumbline {
namespace {

struct Learning : Plain<double> {
  KnownProducts* known = nullptr;

  Tensor matmul_by_transpose(const Tensor& x, const Tensor& w) const {
    Tensor y = Plain<double>::matmul_by_transpose(x, w);
    known->add(x, w, y);
    return y;
  }
};

}  // namespace

KnownProducts::KnownProducts(const Question& q) {
  for (const auto& [name, value] : q.inputs.parameters)
    if (value.size() >= beyond_caches) of_weights_[value.data()];
  if (of_weights_.empty()) return;
  Learning a;
  a.known = this;
  run(a, q.spec, q.inputs.parameters, q.inputs.x, q.batch);
}

const Matrix<double>* KnownProducts::find(const Matrix<double>& x, const Matrix<double>& w) const {
  if (w.size() < beyond_caches) return nullptr;
  const auto it = of_weights_.find(w.data());
  if (it == of_weights_.end()) return nullptr;
  for (const Known& known : it->second)
    if (known.x.rows() == x.rows() && known.x.cols() == x.cols() && known.x == x) return &known.product;
  return nullptr;
}

void KnownProducts::add(const Matrix<double>& x, const Matrix<double>& w, const Matrix<double>& product) {
  if (const auto it = of_weights_.find(w.data()); it != of_weights_.end()) it->second.push_back({x, product});
}

}  // namespace plumbline
