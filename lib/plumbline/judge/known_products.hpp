// What the declared block multiplies large weights by, and what comes of it: a deviating block does most of
// the same again.
#pragma once

#include <map>
#include <vector>

#include "plumbline/algebra/plain.hpp"
#include "plumbline/cases/question.hpp"

namespace plumbline {

// Products x w^T of one block with those of its weights that are beyond the caches.
class KnownProducts {
 public:
  KnownProducts() = default;  // none
  // Computes the block's y for them, if it has such weights. The question must outlive it.
  explicit KnownProducts(const Question& question);

  // That of a known x; null where it has to be computed. Weights are known by their address.
  const Matrix<double>* find(const Matrix<double>& x, const Matrix<double>& w) const;
  // Another one; of weights that are none of the question's, or small, nothing is kept.
  void add(const Matrix<double>& x, const Matrix<double>& w, const Matrix<double>& product);

 private:
  struct Known {
    Matrix<double> x, product;
  };
  std::map<const double*, std::vector<Known>> of_weights_;
};

// Plain<double>, which looks products up.
struct Knowing : Plain<double> {
  const KnownProducts* known = nullptr;  // must outlive it

  // x w^T, the same bits whether it is known or not.
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& w) const {
    const Tensor* product = known->find(x, w);
    return product ? *product : Plain<double>::matmul_by_transpose(x, w);
  }
};

}  // namespace plumbline
