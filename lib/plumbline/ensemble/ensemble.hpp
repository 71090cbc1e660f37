// Ensemble<S>: a tensor is what one correct implementation in a declared arithmetic holds: computed in S, a
// wider type, with the rounding errors that the implementation may make. The members of the ensemble differ
// by their seed. Every error has at least the variance of the legitimate choice that errs most:
//   rounding    to nearest on a grid shifted by a hash, equal values alike: variance u^2/12, u one ulp
//   sums        of k terms, S = sum, Q = sum of squares, one by one, the mean over all orders of the terms:
//               d^2 ((k+1)(Q/6 + S^2/3) + Q for the products), d = half an ulp / sqrt(3); that begin with a
//               bias b: d^2 (k b^2 + (k+1) b S) more. Products of matrices take S and Q of the exact values.
//   constants   and library functions have a common relative error of at most half an ulp, roots of an ulp
//   kinks       the branch is decided with the error tripled, so that rare flips are common among members
//   products    of rounded operands: equal numbers err equally in all of them; TF32 errs as truncation does,
//               all numbers of a member to one side
//   attention   members of even seed store their probabilities; the others, like fused kernels, do not: they
//               err as much, but what would round to one number errs alike, so differences survive
// term.hpp names these and others, one by one: a member leaves out those that a test asks it to.
// The exact member makes no error: it computes the exact values, and of these what the others need.
//
// Members that round to nearest are plain correct code without any noise of ours: sums round once, and the
// seed says which of the block's stores round at all (1: all, 2: none) and what the backward pass reads.
// Their errors can share a factor, which those on shifted grids never do: a row of 16-bit numbers times
// nearly a power of two moves as a whole.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plumbline/algebra/operations.hpp"
#include "plumbline/algebra/plain.hpp"
#include "plumbline/ensemble/term.hpp"
#include "plumbline/number/grid.hpp"
#include "plumbline/number/product.hpp"
#include "plumbline/spec/arithmetic.hpp"

namespace plumbline {

// What a member holds of a tensor.
template <class S>
struct MemberTensor {
  Matrix<S> value;
  int stored = 0;  // bits of the type that it is a number of, 0: of none. Storing it there changes nothing
  int terms = 0;   // of a sum of products: how many; what is added may have been there first
};

// What the exact member leaves to the others, in the order of execution.
template <class S>
struct ExactRun {
  // Every input and parameter, which all members share; nothing where it is no number of the storage type,
  // and each of them rounds it in its own way.
  std::vector<std::shared_ptr<const MemberTensor<S>>> given;
  std::vector<Matrix<S>> kinks;           // the arguments of every kink
  std::vector<Matrix<S>> sum_deviations;  // of every product of matrices, if sums matter
};

// One member. S is double or long double, wider than every type of the arithmetic. It runs one block, once:
// what it replays of the exact run is found by the order of the operations.
template <class S>
class Ensemble : public AlgebraBase<Ensemble<S>> {
 public:
  using Tensor = MemberTensor<S>;

  // The exact member, which clears `run` and writes it; and another one, which reads it and must run the same
  // block on the same inputs. The run must outlive the member.
  Ensemble(const Arithmetic& arithmetic, ExactRun<S>& run)
      : Ensemble(arithmetic, 0, run, Rounding::shifted, {}, true) {}
  Ensemble(const Arithmetic& arithmetic, std::uint64_t seed, ExactRun<S>& run,
           Rounding rounding = Rounding::shifted, Terms left_out = {})
      : Ensemble(arithmetic, seed, run, rounding, left_out, false) {}

  // An input, a parameter or a cotangent, in the order of the exact run; rounded where it is not a number of
  // the storage type.
  std::shared_ptr<const Tensor> given(const Matrix<double>& x);

  // The shape of x.
  int rows(const Tensor& x) const { return static_cast<int>(x.value.rows()); }
  int cols(const Tensor& x) const { return static_cast<int>(x.value.cols()); }

  // The operations of Algebra (operations.hpp), each with the errors that the head of this file lists. Shapes
  // are not checked.
  Tensor matmul(const Tensor& x, const Tensor& y) { return matmul(x, y, &plumbline::product<S>); }
  Tensor matmul_by_transpose(const Tensor& x, const Tensor& y) {
    return matmul(x, y, &product_by_transpose<S>);
  }
  Tensor matmul_of_transpose(const Tensor& x, const Tensor& y) {
    return matmul(x, y, &product_of_transpose<S>);
  }
  Tensor transpose(const Tensor& x) const { return {x.value.transpose(), x.stored, x.terms}; }
  Tensor add(const Tensor& x, const Tensor& y);
  Tensor sub(const Tensor& x, const Tensor& y);
  Tensor mul(const Tensor& x, const Tensor& y);
  Tensor scale(const Tensor& x, Exact c);
  Tensor add_scalar(const Tensor& x, Exact c);
  Tensor add_row(const Tensor& x, const Tensor& row);
  Tensor mul_row(const Tensor& x, const Tensor& row);
  Tensor sub_col(const Tensor& x, const Tensor& col);
  Tensor mul_col(const Tensor& x, const Tensor& col);
  Tensor row_sum(const Tensor& x);
  Tensor col_sum(const Tensor& x);
  Tensor divide(const Tensor& x, int n);

  // The same of functions; a ReLU and a maximum choose their branch by the tripled error. The n-th derivative
  // of an activation, n = 0, 1, 2; the second makes no error.
  Tensor rsqrt(const Tensor& x);
  Tensor reciprocal(const Tensor& x);
  Tensor exp(const Tensor& x);
  Tensor tanh(const Tensor& x);
  Tensor maximum(const Tensor& x, Exact c);
  Tensor above(const Tensor& x, Exact c);
  Tensor activation(Activation f, int derivative, const Tensor& x);
  Tensor softmax_rows(const Tensor& x, const Mask& mask);
  Tensor rotate(const Tensor& x, const Rotation& rotation);

  // Entries moved, and constants, without an error.
  Tensor take_cols(const Tensor& x, int first, int count) const {
    return {x.value.middleCols(first, count), x.stored};
  }
  Tensor take_rows(const Tensor& x, int first, int count) const {
    return {x.value.middleRows(first, count), x.stored};
  }
  Tensor concat_cols(const std::vector<Tensor>& parts) const;
  Tensor concat_rows(const std::vector<Tensor>& parts) const;
  Tensor whole_numbers(int rows, int cols, const WholeNumber& entry) const {
    int bits = 1;  // that the largest needs
    const auto counted = [&](int i, int j) {
      const int n = entry(i, j);
      bits = std::max(bits, static_cast<int>(std::bit_width(static_cast<unsigned>(std::abs(n)))));
      return n;
    };
    Matrix<S> x = plain_.whole_numbers(rows, cols, counted);
    return {std::move(x), bits};
  }
  Tensor zeros(int rows, int cols) const { return {plain_.zeros(rows, cols), of_every_type}; }
  std::vector<int> whole(const Tensor& x) const { return plain_.whole(x.value); }

  // Adds g to the part of `sum` that begins at (row, col). The sum of stored cotangents is stored too. A
  // product of matrices may begin its sums with what is there already.
  void accumulate(Tensor& sum, const Tensor& g, int row, int col);

  // x as it is; x as a number of the type of tensors at that place, where this member stores there at all.
  Tensor detach(const Tensor& x) const { return x; }
  Tensor store(const Tensor& x, const Place& place);
  // Backward hooks, called by Tape. Real kernels differentiate from values that they have stored or compute
  // once more; these add the errors of that.
  //   store_cotangent   as `store` does; at some places it also recalls what the forward pass left there
  //   softmax_dot       row sums of p dp. Flash attention takes them from the stored output, as sums of o do,
  //                     with p recomputed as exp(s - log sum exp s): the errors of both    (arXiv 2205.14135)
  //   saved             x as the backward pass reads it: p recomputed, or the stored result n of a norm
  //   centring_sum      sum of the cotangents of x - mean x. Code that reads n takes its mean for 0, which
  //                     after rounding it is not: the error of that
  // divides_shares_twice (moe.hpp): half of the members do. Where one share is nearly 1 those that divide
  // once err more in gradients, for the second division takes the mean out again.
  // takes_out_means_twice (softmax_derivative.hpp): only the exact member does.
  Tensor store_cotangent(const Tensor& g, const Place& place);
  Tensor softmax_dot(const Tensor& dot, const Tensor& g);
  bool divides_shares_twice() const { return stores_ / 2 % 2 == 1; }
  bool takes_out_means_twice() const { return exact_; }
  Tensor saved(const Tensor& x);
  Tensor centring_sum(const Tensor& sum);

  // The result of body(). Inside a norm and a mixer of streams operations round to the statistics' type.
  template <class Body>
  Tensor component(Component component, const char*, const Tensor&, Body body) {
    const Grid<S> outside = kernel_;
    if (component == Component::norm || component == Component::mixer) kernel_ = statistics_;
    Tensor y = body();
    kernel_ = outside;
    return y;
  }

 private:
  Ensemble(const Arithmetic& arithmetic, std::uint64_t seed, ExactRun<S>& run, Rounding rounding,
           Terms left_out, bool exact);

  using F = Function<S>;
  static constexpr int of_every_type = 1;  // 0, 1 and other powers of two
  enum class Library : std::uint64_t { rsqrt = 1, exp, tanh, erf, constants, log };

  struct Head {                                     // what its backward pass reads
    Matrix<S> output, output_error, softmax_error;  // the last is relative
  };
  struct Norm {
    Matrix<S> result_error, centre, factor;  // the first is relative
  };

  Tensor in_kernel(Matrix<S> x) { return {rounded(std::move(x), kernel_)}; }
  Matrix<S> rounded(Matrix<S> x, const Grid<S>& grid);
  static bool is_of(const Grid<S>& grid, const Tensor& x) {
    return x.stored > 0 && x.stored <= grid.precision();
  }
  static int stored(const std::vector<Tensor>& parts);
  Tensor stored_as(const Grid<S>& grid, const Tensor& x, bool left_out = false);
  Tensor sum_as(const Grid<S>& accumulator,
                Matrix<S> sum);                     // to the kernel's type, or a coarser accumulator's
  const Grid<S>& memory(const Place& place) const;  // the type of tensors there
  bool branches_are_coarser() const { return branches_.precision() < storage_.precision(); }
  bool products_are_coarser() const { return rounds_operands_ || branches_are_coarser(); }
  using Product = Matrix<S> (*)(const Matrix<S>&, const Matrix<S>&, int);  // x y, x y^T or x^T y
  Tensor matmul(const Tensor& x, const Tensor& y, Product product);
  Tensor summed(const Matrix<S>& x, const Matrix<S>& y, Product product);
  static Matrix<S> summed_squares(const Matrix<S>& x, const Matrix<S>& y, Product product);
  Matrix<S> as_operand(const Tensor& x) const;
  Matrix<S> cast_to(const Grid<S>& grid, const Matrix<S>& x) const;
  template <class Operation>
  Tensor where_both(const Tensor& x, const Matrix<S>& y, Operation operation);
  S where_both(S a, S b, S result, const Grid<S>& grid, std::uint64_t salt) const;  // x + 0 makes no error
  static S sum_deviation(S sum, S squares, int terms, bool of_products, const Grid<S>& accumulator);
  S sum_error(S sum, S deviation, std::uint64_t salt, const Grid<S>& accumulator) const;
  S bias_first_error(S sum, S bias, int terms, std::uint64_t salt) const;
  S factor_of(std::uint64_t site) const;  // 1, and at most half an ulp
  S constant(Exact c) const;
  S constant(S c) const;
  Matrix<S> exact_kink(const Matrix<S>& x);
  // Sums about a running mean (Welford) carry its d roundings: sqrt(2/3) of half an ulp of the mean.
  Tensor with_running_mean(Tensor variance);
  // The cotangent of the variance holds sum g (x - mean x): taken as sum g x - mean x sum g, with the error
  // of the former.
  Matrix<S> uncentred_error(const Matrix<S>& g, const Norm& norm);
  void recompute(Eigen::Index row, const Matrix<S>& scores, const Mask& mask, S log_sum);
  Tensor stored_probabilities(Tensor p);
  bool leaves_out(const Place& place) const;  // whether nothing is rounded there
  bool leaves_out(Term term) const { return left_out_.has(term); }
  // What the salts of two numbers of one tensor differ by: 0, so that what is equal is rounded alike.
  std::uint64_t apart() const { return leaves_out(Term::equal_numbers) ? 0x9e3779b97f4a7c15 : 0; }
  void forget_what_was_saved();
  Matrix<S> error_of_dot(const Matrix<S>& g, const Head& head);
  // Whether the way back through a softmax by itself is p g - p sum p g, each product rounded, and not
  // p (g - sum p g); what it subtracts, and the difference over p.
  bool multiplies_first() const { return !exact_ && is_alone_ && !fuses_attention_; }
  Tensor dot_of_products(const Tensor& g);
  Tensor less_products(const Tensor& col);
  void add_cotangent_error_to_dot(const Matrix<S>& p);
  S activation(Activation f, int derivative, S x, std::uint64_t salt) const;
  Turns<S> turns(const Rotation& rotation, int rows) const;
  std::uint64_t next_salt() { return mixed(seed_ + 0x9e3779b97f4a7c15 * ++calls_); }

  Plain<S> plain_;
  Grid<S> storage_, kernel_, accumulator_, statistics_, softmax_, table_, angle_, token_sums_, branches_,
      operands_;
  bool exact_, to_nearest_, sums_matter_, fuses_attention_;
  bool rounds_operands_, truncates_operands_;
  Terms left_out_;
  std::uint64_t stores_;  // which stores round, where rounding is to nearest
  std::uint64_t seed_, calls_ = 0;
  Matrix<S> last_sum_error_, dot_error_, probability_cotangent_error_;
  Matrix<S> earlier_sum_error_;  // of the product before the last
  std::vector<Head> heads_;      // in the order of execution
  Matrix<S> last_softmax_error_;
  bool is_alone_ = false;       // a softmax that nothing else reads
  Matrix<S> alone_, products_;  // its weights on the way back, and these times their cotangent
  int sinks_ = 0;               // columns of the last softmax that are no keys
  int saved_sinks_ = 0;         // and of saved_error_
  Matrix<S> anew_;              // what probabilities differ by that are taken anew
  Matrix<S> score_deviation_;   // of the sums of the last scores, but for the factor that came after them
  S score_factor_ = 1;
  std::map<std::string, std::vector<Norm>> norms_;  // by the place of the result
  Matrix<S> last_centre_, last_factor_, last_product_;
  Matrix<S> saved_error_, saved_mean_, variance_error_, variance_cotangent_;  // of the backward pass
  Turns<S> turns_;                                                            // the last ones
  ExactRun<S>* run_;
  std::size_t next_given_ = 0, next_kink_ = 0, next_sum_ = 0;
};

}  // namespace plumbline
