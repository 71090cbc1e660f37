// Every primitive of an algebra, by itself: the tangent of Dual is its derivative, the cotangent of Tape is
// adjoint to it; and where one primitive loses its derivative, that is noticed. Blocks do not use all of
// them: exp, reciprocal and maximum stand in wrong blocks alone.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "plumbline/algebra/dual.hpp"
#include "plumbline/algebra/plain_impl.hpp"
#include "plumbline/algebra/tape.hpp"
#include "plumbline/number/scalars.hpp"
#include "random_case.hpp"

namespace plumbline {
namespace {

using I = Interval60;
using Numbers = Plain<I>;

// A, whose results of one primitive are constants to every derivative.
template <class A>
struct Without : A {
  using T = Tensor<A>;
  std::string lost;
  T kept(const char* name, T y) { return lost == name ? A::detach(y) : y; }

  T matmul(const T& x, const T& y) { return kept("matmul", A::matmul(x, y)); }
  T matmul_by_transpose(const T& x, const T& y) {
    return kept("matmul_by_transpose", A::matmul_by_transpose(x, y));
  }
  T transpose(const T& x) { return kept("transpose", A::transpose(x)); }
  T add(const T& x, const T& y) { return kept("add", A::add(x, y)); }
  T sub(const T& x, const T& y) { return kept("sub", A::sub(x, y)); }
  T mul(const T& x, const T& y) { return kept("mul", A::mul(x, y)); }
  T scale(const T& x, Exact c) { return kept("scale", A::scale(x, c)); }
  T add_scalar(const T& x, Exact c) { return kept("add_scalar", A::add_scalar(x, c)); }
  T add_row(const T& x, const T& r) { return kept("add_row", A::add_row(x, r)); }
  T mul_row(const T& x, const T& r) { return kept("mul_row", A::mul_row(x, r)); }
  T sub_col(const T& x, const T& c) { return kept("sub_col", A::sub_col(x, c)); }
  T mul_col(const T& x, const T& c) { return kept("mul_col", A::mul_col(x, c)); }
  T row_sum(const T& x) { return kept("row_sum", A::row_sum(x)); }
  T col_sum(const T& x) { return kept("col_sum", A::col_sum(x)); }
  T divide(const T& x, int n) { return kept("divide", A::divide(x, n)); }
  T rsqrt(const T& x) { return kept("rsqrt", A::rsqrt(x)); }
  T reciprocal(const T& x) { return kept("reciprocal", A::reciprocal(x)); }
  T exp(const T& x) { return kept("exp", A::exp(x)); }
  T tanh(const T& x) { return kept("tanh", A::tanh(x)); }
  T maximum(const T& x, Exact c) { return kept("maximum", A::maximum(x, c)); }
  T activation(Activation f, int n, const T& x) { return kept("activation", A::activation(f, n, x)); }
  T softmax_rows(const T& x, const Mask& m) { return kept("softmax_rows", A::softmax_rows(x, m)); }
  T rotate(const T& x, const Rotation& r) { return kept("rotate", A::rotate(x, r)); }
  T take_cols(const T& x, int first, int n) { return kept("take_cols", A::take_cols(x, first, n)); }
  T take_rows(const T& x, int first, int n) { return kept("take_rows", A::take_rows(x, first, n)); }
  T concat_cols(const std::vector<T>& parts) { return kept("concat_cols", A::concat_cols(parts)); }
  T concat_rows(const std::vector<T>& parts) { return kept("concat_rows", A::concat_rows(parts)); }
};

// Each primitive as a function of one matrix [3, 4] of positive numbers, all of its operands moving.
constexpr const char* primitives[] = {"matmul",     "matmul_by_transpose",
                                      "transpose",  "add",
                                      "sub",        "mul",
                                      "scale",      "add_scalar",
                                      "add_row",    "mul_row",
                                      "sub_col",    "mul_col",
                                      "row_sum",    "col_sum",
                                      "divide",     "rsqrt",
                                      "reciprocal", "exp",
                                      "tanh",       "maximum",
                                      "activation", "softmax_rows",
                                      "rotate",     "take_cols",
                                      "take_rows",  "concat_cols",
                                      "concat_rows"};

template <class A, class T = Tensor<A>>
T applied(Without<A>& a, const std::string& primitive, const T& x) {
  using W = Without<A>;
  static const std::map<std::string, T (*)(W&, const T&)> functions{
      {"matmul", [](W& a, const T& x) { return a.matmul(x, a.A::transpose(x)); }},
      {"matmul_by_transpose", [](W& a, const T& x) { return a.matmul_by_transpose(x, a.A::mul(x, x)); }},
      {"transpose", [](W& a, const T& x) { return a.transpose(x); }},
      {"add", [](W& a, const T& x) { return a.add(x, x); }},
      {"sub", [](W& a, const T& x) { return a.sub(x, a.A::mul(x, x)); }},
      {"mul", [](W& a, const T& x) { return a.mul(x, x); }},
      {"scale",
       [](W& a, const T& x) {
         return a.scale(x, {3, 2});
       }},
      {"add_scalar", [](W& a, const T& x) { return a.add_scalar(x, {3}); }},
      {"add_row", [](W& a, const T& x) { return a.add_row(x, a.A::take_rows(x, 1, 1)); }},
      {"mul_row", [](W& a, const T& x) { return a.mul_row(x, a.A::take_rows(x, 1, 1)); }},
      {"sub_col", [](W& a, const T& x) { return a.sub_col(x, a.A::take_cols(x, 1, 1)); }},
      {"mul_col", [](W& a, const T& x) { return a.mul_col(x, a.A::take_cols(x, 1, 1)); }},
      {"row_sum", [](W& a, const T& x) { return a.row_sum(x); }},
      {"col_sum", [](W& a, const T& x) { return a.col_sum(x); }},
      {"divide", [](W& a, const T& x) { return a.divide(x, 3); }},
      {"rsqrt", [](W& a, const T& x) { return a.rsqrt(x); }},
      {"reciprocal", [](W& a, const T& x) { return a.reciprocal(x); }},
      {"exp", [](W& a, const T& x) { return a.exp(x); }},
      {"tanh", [](W& a, const T& x) { return a.tanh(x); }},
      {"maximum", [](W& a, const T& x) { return a.maximum(x, {1}); }},
      {"activation", [](W& a, const T& x) { return a.activation(Activation::gelu_erf, 0, x); }},
      {"softmax_rows",
       [](W& a, const T& x) {
         return a.softmax_rows(x, {3, 4, 4, 0, 1});
       }},
      {"rotate",
       [](W& a, const T& x) {
         return a.rotate(x, {.rotary_dim = 4, .exponent_dim = 4, .base = 100, .first_position = 1});
       }},
      {"take_cols", [](W& a, const T& x) { return a.take_cols(x, 1, 2); }},
      {"take_rows", [](W& a, const T& x) { return a.take_rows(x, 1, 2); }},
      {"concat_cols",
       [](W& a, const T& x) {
         return a.concat_cols({x, x});
       }},
      {"concat_rows", [](W& a, const T& x) {
         return a.concat_rows({x, x});
       }}};
  return functions.at(primitive)(a, x);
}

Matrix<I> drawn(std::mt19937_64& bits, int rows, int cols) {
  return cast<I>(random_matrix(bits, rows, cols));
}

I dot(const Matrix<I>& x, const Matrix<I>& y) { return x.cwiseProduct(y).sum(); }

bool may_be_zero(const I& x) { return is_bounded(x) && contains_zero(x); }

// F(x + h) - F(x) lies in F'(box) h: the mean value theorem, entry by entry.
bool dual_is_right(const std::string& primitive, const std::string& lost) {
  std::mt19937_64 bits(1);
  const Matrix<I> x = drawn(bits, 3, 4).array() * I(0.25) + I(1.5), d = drawn(bits, 3, 4);
  const I step(0x1p-40);
  const Matrix<I> to = x + d * step;
  Matrix<I> box(3, 4);
  for (Eigen::Index i = 0; i < x.size(); ++i) box.data()[i] = hull(x.data()[i], to.data()[i]);
  Without<Numbers> plain;
  Without<Dual<Numbers>> dual;
  dual.lost = lost;
  const Matrix<I> difference = applied(plain, primitive, to) - applied(plain, primitive, x);
  const Matrix<I> tangent = applied(dual, primitive, dual.variable(box, d)).tangent;
  for (Eigen::Index i = 0; i < difference.size(); ++i)
    if (!may_be_zero(difference.data()[i] - tangent.data()[i] * step)) return false;
  return true;
}

// <g, J d> = <J' g, d>, with the tangent of a whole Dual.
bool tape_is_adjoint(const std::string& primitive, const std::string& lost) {
  std::mt19937_64 bits(2);
  const Matrix<I> x = drawn(bits, 3, 4).array() * I(0.25) + I(1.5), d = drawn(bits, 3, 4);
  Without<Dual<Numbers>> dual;
  const Matrix<I> tangent = applied(dual, primitive, dual.variable(x, d)).tangent;
  const Matrix<I> g = drawn(bits, int(tangent.rows()), int(tangent.cols()));
  Without<Tape<Numbers>> tape;
  tape.lost = lost;
  const auto variable = tape.variable(x);
  const auto y = applied(tape, primitive, variable);
  if (y.node < 0) return false;  // a constant
  const auto back = tape.backward(y, g)[variable.node];
  return back && may_be_zero(dot(g, tangent) - dot(*back, d));
}

class Primitive : public testing::TestWithParam<const char*> {};

TEST_P(Primitive, HasItsDerivative) {
  EXPECT_TRUE(dual_is_right(GetParam(), ""));
  EXPECT_TRUE(tape_is_adjoint(GetParam(), ""));
}

TEST_P(Primitive, IsMissedWhereItHasNone) {
  EXPECT_FALSE(dual_is_right(GetParam(), GetParam()));
  EXPECT_FALSE(tape_is_adjoint(GetParam(), GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, Primitive, testing::ValuesIn(primitives),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace plumbline
