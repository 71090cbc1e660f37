// Enclosures, with one operation that loses its width or none.
#include "plumbline/algebra/interval.hpp"
#include "plumbline/algebra/plain.hpp"
#include "plumbline/block/layout.hpp"
#include "properties/subjects/fault.hpp"

namespace plumbline::properties {
namespace {

using I = Interval60;

struct BrokenEnclosure : Plain<I> {
  Rule rule = Rule::right;

  Tensor matmul(const Tensor& x, const Tensor& y) const {
    return inward_if(Rule::matmul_inward, Plain::matmul(x, y));
  }
  Tensor row_sum(const Tensor& x) const { return inward_if(Rule::sum_inward, Plain::row_sum(x)); }
  Tensor divide(const Tensor& x, int n) const {
    return inward_if(Rule::division_inward, Plain::divide(x, n));
  }
  Tensor rsqrt(const Tensor& x) const { return inward_if(Rule::rsqrt_inward, Plain::rsqrt(x)); }
  Tensor activation(Activation f, int n, const Tensor& x) const {
    return inward_if(Rule::activation_inward, Plain::activation(f, n, x));
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const {
    return inward_if(Rule::softmax_inward, Plain::softmax_rows(x, mask));
  }

 private:
  Tensor inward_if(Rule broken, const Tensor& x) const {
    return rule == broken ? Tensor(x.unaryExpr([](const I& v) { return middle(v); })) : x;
  }
};

}  // namespace

Matrix<I> evaluate_by(Rule rule, const BlockSpec& spec, const Parameters<I>& parameters, const Matrix<I>& x) {
  BrokenEnclosure a;
  a.rule = rule;
  return run(a, spec, parameters, x);
}

}  // namespace plumbline::properties
