// Enclosures, with one operation that loses its width or its mark, or none.
#include "plumbline/algebra/plain.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/number/interval.hpp"
#include "properties/subjects/fault.hpp"

namespace plumbline::properties {
namespace {

using I = Interval60;

struct BrokenEnclosure : Plain<I> {
  Rule rule = Rule::right;

  Tensor matmul(const Tensor& x, const Tensor& y) const {
    return broken_if(Rule::matmul_inward, Rule::matmul_unmarked, Plain::matmul(x, y));
  }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) const {
    return broken_if(Rule::matmul_inward, Rule::matmul_unmarked, Plain::matmul_by_transpose(x, y));
  }
  Tensor row_sum(const Tensor& x) const {
    return broken_if(Rule::sum_inward, Rule::sum_unmarked, Plain::row_sum(x));
  }
  Tensor divide(const Tensor& x, int n) const {
    return broken_if(Rule::division_inward, Rule::division_unmarked, Plain::divide(x, n));
  }
  Tensor rsqrt(const Tensor& x) const {
    return broken_if(Rule::rsqrt_inward, Rule::rsqrt_unmarked, Plain::rsqrt(x));
  }
  Tensor activation(Activation f, int n, const Tensor& x) const {
    return broken_if(Rule::activation_inward, Rule::activation_unmarked, Plain::activation(f, n, x));
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) const {
    return broken_if(Rule::softmax_inward, Rule::softmax_unmarked, Plain::softmax_rows(x, mask));
  }

 private:
  Tensor broken_if(Rule inward, Rule unmarked, const Tensor& x) const {
    if (rule == inward) return x.unaryExpr([](const I& v) { return middle(v); });
    if (rule == unmarked) return x.unaryExpr([](const I& v) { return without_mark(v); });
    return x;
  }
  static I without_mark(const I& x) {
    I::Range range;
    mpfi_set(range.backend().data(), x.range());
    return {range, Domain::def};
  }
};

}  // namespace

Matrix<I> evaluate_by(Rule rule, const BlockSpec& spec, const Parameters<I>& parameters, const Matrix<I>& x,
                      int batch) {
  BrokenEnclosure a;
  a.rule = rule;
  return run(a, spec, parameters, x, batch);
}

}  // namespace plumbline::properties
