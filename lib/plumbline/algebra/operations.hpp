// The operations that a block is written in. An algebra gives each of them a meaning: a matrix of numbers, of
// enclosures, a node on a tape, a box in a picture. Adding an algebra touches no block code.
//
// A tensor is a matrix [rows, cols]; the batch is folded into the rows. A row vector is [1, n], a column
// [n, 1]. What is no primitive (linear, row_mean, the derivative of a softmax, ...) is written in these.
// Which operations come, and in which order, follows from the spec and the shapes, never from a value: what
// chooses by data is a tensor of 0s and 1s (`above`). So a choice has a meaning in every algebra: an
// enclosure that contains both says so, a picture shows all inputs, and a member finds what the exact run
// left it.
#pragma once

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "plumbline/algebra/mask.hpp"
#include "plumbline/algebra/place.hpp"
#include "plumbline/algebra/rotation.hpp"
#include "plumbline/number/activation.hpp"
#include "plumbline/number/exact.hpp"

namespace plumbline {

// What the algebra A takes for a tensor.
template <class A>
using Tensor = typename A::Tensor;

// The components that a block is made of. join: how a branch joins the stream where that is no sum; scaling:
// a factor that is no constant; stopped: what no derivative sees, so that x goes through it with the
// derivative 1.
enum class Component { norm, attention, feed_forward, mixer, join, scaling, stopped };

// What stands in a row and a column of a constant.
using WholeNumber = std::function<int(int row, int col)>;

// What A must have. That operands have the shapes which stand here is the caller's duty: algebras do
// not check it. What a tape asks for besides stands in TapedAlgebra.
template <class A>
concept Algebra = requires(A& a, const Tensor<A> x, Exact c, Mask mask, Rotation rotation, Activation f,
                           int n, WholeNumber entry, std::vector<Tensor<A>> parts, const Place place,
                           Component component, const char* symbol, Tensor<A> (*body)()) {
  { a.rows(x) } -> std::convertible_to<int>;
  { a.cols(x) } -> std::convertible_to<int>;

  { a.matmul(x, x) } -> std::same_as<Tensor<A>>;               // [n,k] [k,m] -> [n,m]
  { a.matmul_by_transpose(x, x) } -> std::same_as<Tensor<A>>;  // x y^T: [n,k] [m,k] -> [n,m]
  { a.transpose(x) } -> std::same_as<Tensor<A>>;               // [n,m] -> [m,n]
  { a.add(x, x) } -> std::same_as<Tensor<A>>;                  // elementwise, equal shapes
  { a.sub(x, x) } -> std::same_as<Tensor<A>>;
  { a.mul(x, x) } -> std::same_as<Tensor<A>>;
  { a.scale(x, c) } -> std::same_as<Tensor<A>>;       // c x
  { a.add_scalar(x, c) } -> std::same_as<Tensor<A>>;  // x + c
  { a.add_row(x, x) } -> std::same_as<Tensor<A>>;     // [n,m] + 1 [1,m]
  { a.mul_row(x, x) } -> std::same_as<Tensor<A>>;     // [n,m] * 1 [1,m]
  { a.sub_col(x, x) } -> std::same_as<Tensor<A>>;     // [n,m] - [n,1] 1
  { a.mul_col(x, x) } -> std::same_as<Tensor<A>>;     // [n,m] * [n,1] 1
  { a.row_sum(x) } -> std::same_as<Tensor<A>>;        // [n,m] -> [n,1]
  { a.col_sum(x) } -> std::same_as<Tensor<A>>;        // [n,m] -> [1,m]
  { a.divide(x, n) } -> std::same_as<Tensor<A>>;      // x / n, one rounding

  { a.rsqrt(x) } -> std::same_as<Tensor<A>>;       // 1 / sqrt(x)
  { a.reciprocal(x) } -> std::same_as<Tensor<A>>;  // 1 / x
  { a.exp(x) } -> std::same_as<Tensor<A>>;
  { a.tanh(x) } -> std::same_as<Tensor<A>>;
  { a.maximum(x, c) } -> std::same_as<Tensor<A>>;          // max(x, c); its derivative is 0 where x <= c
  { a.above(x, c) } -> std::same_as<Tensor<A>>;            // 1 where x > c, else 0; a constant
  { a.activation(f, n, x) } -> std::same_as<Tensor<A>>;    // the n-th derivative of f, n = 0, 1, 2
  { a.softmax_rows(x, mask) } -> std::same_as<Tensor<A>>;  // a masked key has weight exactly 0
  { a.rotate(x, rotation) } -> std::same_as<Tensor<A>>;

  { a.take_cols(x, n, n) } -> std::same_as<Tensor<A>>;  // columns [first, first + count)
  { a.take_rows(x, n, n) } -> std::same_as<Tensor<A>>;
  { a.concat_cols(parts) } -> std::same_as<Tensor<A>>;
  { a.concat_rows(parts) } -> std::same_as<Tensor<A>>;
  { a.whole_numbers(n, n, entry) } -> std::same_as<Tensor<A>>;  // constant, exact in every arithmetic
  { a.zeros(n, n) } -> std::same_as<Tensor<A>>;                 // constant

  { a.divides_shares_twice() } -> std::same_as<bool>;

  { a.detach(x) } -> std::same_as<Tensor<A>>;  // x, taken for a constant by every derivative
  // x, at a place where an implementation that keeps every result in memory stores it: one rounding to the
  // storage type, forward of x and backward of its cotangent. Storing what is stored already changes nothing.
  { a.store(x, place) } -> std::convertible_to<Tensor<A>>;
  // The result of body(): a component applied to x, with its symbol (LN, Attn, ...) in pictures.
  { a.component(component, symbol, x, body) } -> std::same_as<Tensor<A>>;
};

// What most algebras leave as it is here: a member of the same name in the algebra takes its place.
// Derivatives (Tape, Dual) ask these of the algebra within.
template <class A>
struct AlgebraBase {
  // A constant: 1 where the query sees the key, else 0.
  auto indicator(const Mask& mask) {
    return self().whole_numbers(mask.queries, mask.keys,
                                [&](int i, int j) { return mask.sees(i, j) ? 1 : 0; });
  }

  // The entries of an input that are whole numbers, row by row; none of an algebra that has no numbers.
  template <class T>
  std::vector<int> whole(const T&) const {
    return {};
  }

  // x y^T and x^T y.
  template <class T>
  T matmul_by_transpose(const T& x, const T& y) {
    return self().matmul(x, self().transpose(y));
  }
  template <class T>
  T matmul_of_transpose(const T& x, const T& y) {
    return self().matmul(self().transpose(x), y);
  }

  // Whether the shares of the chosen experts are taken of all experts first (moe.hpp): two divisions where
  // the exponentials of the chosen ones ask for one.
  static constexpr bool divides_shares_twice() { return false; }

  // Whether softmax_derivative.hpp subtracts the mean twice, and what it subtracts: row sums of p g.
  static constexpr bool takes_out_means_twice() { return false; }
  template <class T>
  const T& softmax_dot(const T& dot, const T&) const {
    return dot;
  }

  // Backward: x as the forward pass saved it; a cotangent as it is stored; the row sums of the cotangents
  // of x - mean x.
  template <class T>
  const T& saved(const T& x) const {
    return x;
  }
  template <class T>
  decltype(auto) store_cotangent(const T& g, const Place& place) {
    return self().store(g, place);
  }
  template <class T>
  const T& centring_sum(const T& sum) const {
    return sum;
  }

 private:
  A& self() { return static_cast<A&>(*this); }
};

// What all algebras of numbers do alike: x as it is, and what body() returns, since numbers have no
// derivative and no name.
template <class A>
struct NumberAlgebra : AlgebraBase<A> {
  // x as it is.
  template <class T>
  T detach(const T& x) const {
    return x;
  }
  // x as it is.
  template <class T>
  const T& store(const T& x, const Place&) const {
    return x;
  }
  // What body() returns.
  template <class T, class Body>
  T component(Component, const char*, const T&, Body body) const {
    return body();
  }
};

// An algebra that a tape can be laid over: it adds a cotangent to a part of a sum of others.
template <class A>
concept TapedAlgebra = Algebra<A> &&
    requires(A& a, Tensor<A> sum, const Tensor<A> x, int n, const Place place) {
  a.accumulate(sum, x, n, n);
  { a.matmul_of_transpose(x, x) } -> std::convertible_to<Tensor<A>>;
  { a.takes_out_means_twice() } -> std::same_as<bool>;
  { a.softmax_dot(x, x) } -> std::convertible_to<Tensor<A>>;
  { a.saved(x) } -> std::convertible_to<Tensor<A>>;
  { a.store_cotangent(x, place) } -> std::convertible_to<Tensor<A>>;
  { a.centring_sum(x) } -> std::convertible_to<Tensor<A>>;
};

// Whether storing is nothing but a name for a place: `store` then returns the tensor it is given.
template <class A>
constexpr bool stores_as_is =
    std::is_reference_v<decltype(std::declval<A&>().store(std::declval<const Tensor<A>&>(), Site::other))>;

}  // namespace plumbline
