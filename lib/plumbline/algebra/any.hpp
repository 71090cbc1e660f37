// AnyAlgebra: an algebra known at run time, its tensors behind handles. The block is compiled once, over this
// (block/run.cpp), and every algebra is put behind it: a feature is compiled once, not once for each algebra.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "plumbline/algebra/operations.hpp"

namespace plumbline {

// The operations of Algebra (operations.hpp) as the algebra behind it computes them, in the same order.
struct AnyAlgebra {
  // A tensor of the algebra behind. It is never changed, so copies share it.
  using Tensor = std::shared_ptr<const void>;
  using Tensors = std::vector<Tensor>;
  virtual ~AnyAlgebra() = default;

  // The shape of x.
  virtual int rows(const Tensor& x) = 0;
  virtual int cols(const Tensor& x) = 0;

  // Products, sums and what is entry by entry.
  virtual Tensor matmul(const Tensor& x, const Tensor& y) = 0;
  virtual Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) = 0;
  virtual Tensor transpose(const Tensor& x) = 0;
  virtual Tensor add(const Tensor& x, const Tensor& y) = 0;
  virtual Tensor sub(const Tensor& x, const Tensor& y) = 0;
  virtual Tensor mul(const Tensor& x, const Tensor& y) = 0;
  virtual Tensor scale(const Tensor& x, Exact c) = 0;
  virtual Tensor add_scalar(const Tensor& x, Exact c) = 0;
  virtual Tensor add_row(const Tensor& x, const Tensor& row) = 0;
  virtual Tensor mul_row(const Tensor& x, const Tensor& row) = 0;
  virtual Tensor sub_col(const Tensor& x, const Tensor& col) = 0;
  virtual Tensor mul_col(const Tensor& x, const Tensor& col) = 0;
  virtual Tensor row_sum(const Tensor& x) = 0;
  virtual Tensor col_sum(const Tensor& x) = 0;
  virtual Tensor divide(const Tensor& x, int n) = 0;

  // Functions.
  virtual Tensor rsqrt(const Tensor& x) = 0;
  virtual Tensor reciprocal(const Tensor& x) = 0;
  virtual Tensor exp(const Tensor& x) = 0;
  virtual Tensor tanh(const Tensor& x) = 0;
  virtual Tensor maximum(const Tensor& x, Exact c) = 0;
  virtual Tensor above(const Tensor& x, Exact c) = 0;
  virtual Tensor activation(Activation f, int n, const Tensor& x) = 0;
  virtual Tensor softmax_rows(const Tensor& x, const Mask& mask) = 0;
  virtual Tensor rotate(const Tensor& x, const Rotation& rotation) = 0;

  // Which of two equal formulas is computed.
  virtual bool divides_shares_twice() = 0;

  // Entries moved, constants, places and components.
  virtual Tensor take_cols(const Tensor& x, int first, int count) = 0;
  virtual Tensor take_rows(const Tensor& x, int first, int count) = 0;
  virtual Tensor concat_cols(const Tensors& parts) = 0;
  virtual Tensor concat_rows(const Tensors& parts) = 0;
  virtual Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) = 0;
  virtual Tensor indicator(const Mask& mask) = 0;
  virtual Tensor zeros(int rows, int cols) = 0;
  virtual std::vector<int> whole(const Tensor& x) = 0;
  virtual Tensor detach(const Tensor& x) = 0;
  virtual Tensor store(const Tensor& x, const Place& place) = 0;
  template <class Body>
  Tensor component(Component c, const char* symbol, const Tensor& x, const Body& body) {
    return component_of(c, symbol, x, [&body] { return body(); });
  }

 protected:
  // component of the algebra behind.
  virtual Tensor component_of(Component c, const char* symbol, const Tensor& x,
                              const std::function<Tensor()>& body) = 0;
};

static_assert(Algebra<AnyAlgebra>);

// A, which must outlive it, behind AnyAlgebra.
template <Algebra A>
class Erased final : public AnyAlgebra {
 public:
  using Own = plumbline::Tensor<A>;

  // That algebra behind handles.
  explicit Erased(A& algebra) : a_(algebra) {}

  // The tensor behind a handle; a handle of a tensor that outlives it.
  static const Own& own(const Tensor& x) { return *static_cast<const Own*>(x.get()); }
  static Tensor lent(const Own& x) { return {std::shared_ptr<const void>(), &x}; }

  // The operations of A.
  int rows(const Tensor& x) override { return a_.rows(own(x)); }
  int cols(const Tensor& x) override { return a_.cols(own(x)); }
  Tensor matmul(const Tensor& x, const Tensor& y) override { return handle(a_.matmul(own(x), own(y))); }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) override {
    return handle(a_.matmul_by_transpose(own(x), own(y)));
  }
  Tensor transpose(const Tensor& x) override { return handle(a_.transpose(own(x))); }
  Tensor add(const Tensor& x, const Tensor& y) override { return handle(a_.add(own(x), own(y))); }
  Tensor sub(const Tensor& x, const Tensor& y) override { return handle(a_.sub(own(x), own(y))); }
  Tensor mul(const Tensor& x, const Tensor& y) override { return handle(a_.mul(own(x), own(y))); }
  Tensor scale(const Tensor& x, Exact c) override { return handle(a_.scale(own(x), c)); }
  Tensor add_scalar(const Tensor& x, Exact c) override { return handle(a_.add_scalar(own(x), c)); }
  Tensor add_row(const Tensor& x, const Tensor& row) override { return handle(a_.add_row(own(x), own(row))); }
  Tensor mul_row(const Tensor& x, const Tensor& row) override { return handle(a_.mul_row(own(x), own(row))); }
  Tensor sub_col(const Tensor& x, const Tensor& col) override { return handle(a_.sub_col(own(x), own(col))); }
  Tensor mul_col(const Tensor& x, const Tensor& col) override { return handle(a_.mul_col(own(x), own(col))); }
  Tensor row_sum(const Tensor& x) override { return handle(a_.row_sum(own(x))); }
  Tensor col_sum(const Tensor& x) override { return handle(a_.col_sum(own(x))); }
  Tensor divide(const Tensor& x, int n) override { return handle(a_.divide(own(x), n)); }
  Tensor rsqrt(const Tensor& x) override { return handle(a_.rsqrt(own(x))); }
  Tensor reciprocal(const Tensor& x) override { return handle(a_.reciprocal(own(x))); }
  Tensor exp(const Tensor& x) override { return handle(a_.exp(own(x))); }
  Tensor tanh(const Tensor& x) override { return handle(a_.tanh(own(x))); }
  Tensor maximum(const Tensor& x, Exact c) override { return handle(a_.maximum(own(x), c)); }
  Tensor above(const Tensor& x, Exact c) override { return handle(a_.above(own(x), c)); }
  Tensor activation(Activation f, int n, const Tensor& x) override {
    return handle(a_.activation(f, n, own(x)));
  }
  Tensor softmax_rows(const Tensor& x, const Mask& mask) override {
    return handle(a_.softmax_rows(own(x), mask));
  }
  Tensor rotate(const Tensor& x, const Rotation& rotation) override {
    return handle(a_.rotate(own(x), rotation));
  }
  bool divides_shares_twice() override { return a_.divides_shares_twice(); }
  Tensor take_cols(const Tensor& x, int first, int count) override {
    return handle(a_.take_cols(own(x), first, count));
  }
  Tensor take_rows(const Tensor& x, int first, int count) override {
    return handle(a_.take_rows(own(x), first, count));
  }
  Tensor concat_cols(const Tensors& parts) override { return handle(a_.concat_cols(own(parts))); }
  Tensor concat_rows(const Tensors& parts) override { return handle(a_.concat_rows(own(parts))); }
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) override {
    return handle(a_.whole_numbers(rows, cols, entry));
  }
  Tensor indicator(const Mask& mask) override { return handle(a_.indicator(mask)); }
  Tensor zeros(int rows, int cols) override { return handle(a_.zeros(rows, cols)); }
  std::vector<int> whole(const Tensor& x) override { return a_.whole(own(x)); }
  Tensor detach(const Tensor& x) override { return handle(a_.detach(own(x))); }
  Tensor store(const Tensor& x, const Place& place) override {
    if constexpr (stores_as_is<A>)
      return x;
    else
      return handle(a_.store(own(x), place));
  }

 private:
  Tensor component_of(Component c, const char* symbol, const Tensor& x,
                      const std::function<Tensor()>& body) override {
    return handle(a_.component(c, symbol, own(x), [&] { return own(body()); }));
  }

  static Tensor handle(Own x) { return std::make_shared<const Own>(std::move(x)); }
  static std::vector<Own> own(const Tensors& parts) {
    std::vector<Own> out;
    out.reserve(parts.size());
    for (const Tensor& p : parts) out.push_back(own(p));
    return out;
  }

  A& a_;
};

}  // namespace plumbline
